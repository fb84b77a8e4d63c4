import { evictedWriters, killedPrunes } from './killed.suite.ts';

killedPrunes({ kills: 200, writers: 2 }, 3_600_000);
evictedWriters(100, 3_600_000);
