import { describeFromStandby } from './from-standby.suite.ts';

for (const major of [15, 16, 17, 18]) describeFromStandby(major, true);
