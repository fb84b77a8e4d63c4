import { faultSweep } from './sweep.ts';

// A sample at every change; all calls in `npm run test:long`.
faultSweep(13);
