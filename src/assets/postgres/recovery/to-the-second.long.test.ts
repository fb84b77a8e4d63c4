import { describeToTheSecond } from './to-the-second.suite.ts';

for (const major of [16, 17, 18]) describeToTheSecond(major);
