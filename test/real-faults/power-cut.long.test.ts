import { powerCutSweep } from './power-cut.ts';

powerCutSweep(100);
