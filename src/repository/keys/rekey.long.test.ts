import { rekeyKilled } from './rekey.suite.ts';

rekeyKilled(1, 600_000);
