import { describeFromStandby } from './from-standby.suite.ts';

describeFromStandby(15, false);
