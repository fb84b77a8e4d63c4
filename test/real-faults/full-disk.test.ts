import { fullDiskSweep } from './full-disk.ts';

// A few amounts at every change; every page in `npm run test:long`.
fullDiskSweep(320);
