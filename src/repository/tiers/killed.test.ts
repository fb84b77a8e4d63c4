import { coolingKilled } from './killed.suite.ts';

coolingKilled(37, 60_000);
