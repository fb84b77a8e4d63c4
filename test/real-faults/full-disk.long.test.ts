import { fullDiskSweep } from './full-disk.ts';

fullDiskSweep(8);
