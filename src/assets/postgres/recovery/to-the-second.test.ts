import { describeToTheSecond } from './to-the-second.suite.ts';

describeToTheSecond(15);
