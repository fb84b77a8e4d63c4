import { evictedWriters, killedPrunes } from './killed.suite.ts';

killedPrunes({ kills: 3, writers: 1 }, 60_000);
evictedWriters(2, 60_000);
