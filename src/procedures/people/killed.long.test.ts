import { expect, it } from 'vitest';
import { killLifeAt } from '../testing/kill-life.ts';

it('a run with people in it that is killed at any record goes on with each effect once', async () => {
  let call = 1;
  for (let killed = true; killed; call += 1) {
    killed = await killLifeAt(call, 'before');
    await killLifeAt(call, 'after');
  }
  expect(call).toBeGreaterThan(35);
  console.info(`killed at ${call - 2} records, before and after each`);
}, 1_800_000);
