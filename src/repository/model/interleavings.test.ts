import { interleavings } from './interleavings.suite.ts';

interleavings({ memory: 15, fs: 4 });
