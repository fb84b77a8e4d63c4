import { killedRotations } from './rotate-keys.suite.ts';

killedRotations(1);
