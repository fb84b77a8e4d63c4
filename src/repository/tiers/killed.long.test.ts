import { coolingKilled } from './killed.suite.ts';

coolingKilled(1, 900_000);
