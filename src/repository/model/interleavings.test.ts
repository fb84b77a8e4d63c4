import { interleavings } from './interleavings.suite.ts';

interleavings({ memory: 25, fs: 6 });
