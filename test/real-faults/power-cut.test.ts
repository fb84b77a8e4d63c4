import { powerCutSweep } from './power-cut.ts';

// A few cuts at every change; hundreds in `npm run test:long`.
powerCutSweep(3);
