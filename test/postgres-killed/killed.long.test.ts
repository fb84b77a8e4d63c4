import { it } from 'vitest';
import { s3ServerMissing } from '../../src/testing/s3/index.ts';
import { expectNothingLost, noPgbench } from './killed.suite.ts';
import { bucketKeeper } from './keepers.ts';

/** LIFEBOAT_KILL_SECONDS=60 for a shorter one. */
const seconds = Number(process.env['LIFEBOAT_KILL_SECONDS'] ?? '600');
const targets = 20;
const timeoutMs = (seconds + 1800) * 1000;
const why = noPgbench === undefined ? '' : ` (skipped: ${noPgbench})`;
const noServer = noPgbench ?? s3ServerMissing();

it.skipIf(noPgbench !== undefined)(
  `pgbench for ${seconds} s with stream, primary and a store in a folder killed at random: 20 random targets hold every commit acknowledged before them${why}`,
  () => expectNothingLost({ seconds, targets, major: 15 }),
  timeoutMs,
);

it.skipIf(noServer !== undefined)(
  `pgbench for ${seconds / 5} s with stream, primary and a server of objects killed at random: 20 random targets hold every commit acknowledged before them ${noServer ?? ''}`,
  () => expectNothingLost({ seconds: seconds / 5, targets, major: 15, keeper: bucketKeeper }),
  timeoutMs,
);
