import { interleavings } from './interleavings.suite.ts';

// In a quarter of an hour; a night: LIFEBOAT_TEST_INTERLEAVINGS=4000.
const memory = Number(process.env['LIFEBOAT_TEST_INTERLEAVINGS'] ?? 600);

interleavings({ memory, fs: Math.ceil(memory / 6) });
