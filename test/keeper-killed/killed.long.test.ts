import { it } from 'vitest';
import { seed } from '../../src/testing/seed.ts';
import { expectNothingLost } from './killed.suite.ts';

const lives = Number(process.env['LIFEBOAT_LIVES'] ?? '20');

it(
  `a keeper that is killed ${lives} times loses no turn, does none twice, leaves no point half made, tells of each alarm, and its stream goes on from where it was durable (seed ${seed})`,
  () => expectNothingLost(lives),
  3_600_000,
);
