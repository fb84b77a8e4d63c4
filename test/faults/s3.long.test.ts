import { s3FaultSweep } from './s3.suite.ts';

s3FaultSweep({ faults: ['error', 'lostReply', 'truncated'], stride: 1, callsMax: Infinity });
