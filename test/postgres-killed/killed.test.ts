import { it } from 'vitest';
import { expectNothingLost, noPgbench } from './killed.suite.ts';

it.skipIf(noPgbench !== undefined)(
  `stream, primary and store killed under pgbench: every commit that was reported as stored comes back${noPgbench === undefined ? '' : ` (skipped: ${noPgbench})`}`,
  () => expectNothingLost({ seconds: 1, targets: 1, major: 15 }),
  120_000,
);
