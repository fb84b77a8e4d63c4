import { installedMajors } from '../../testing/postgres/index.ts';
import { describeStandby } from '../testing/standby.suite.ts';

const installed = await installedMajors();
describeStandby(installed.includes(17) ? 17 : installed[0]);
