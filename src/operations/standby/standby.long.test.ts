import { describeStandby } from '../testing/standby.suite.ts';

describeStandby(15);
