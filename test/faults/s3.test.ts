import { s3FaultSweep } from './s3.suite.ts';

// One call of each command at every change; all calls in `npm run test:long`.
s3FaultSweep({ faults: ['error'], stride: 25, callsMax: 1 });
