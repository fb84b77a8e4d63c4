import { killedPrunes } from './killed.suite.ts';

killedPrunes({ kills: 200, writers: 2 }, 3_600_000);
