import { faultSweep } from './sweep.ts';

faultSweep(1);
