import { rekeyed, rekeyKilled } from './rekey.suite.ts';

rekeyed();
rekeyKilled(11, 60_000);
