import { interleavings } from './interleavings.suite.ts';

interleavings({ memory: 4000, fs: 600 });
