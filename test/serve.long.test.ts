import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Place } from './support/lifeboat.ts';
import { Served } from './support/served.ts';
import { servedPlace } from './support/served-place.ts';

let place: Place;
const running: Served[] = [];
const start = (...words: string[]): Served => {
  const served = new Served(place, ['--takeover', '6s', ...words]);
  running.push(served);
  return served;
};
beforeEach(async () => void (place = await servedPlace()));
afterEach(async () => {
  for (const served of running.splice(0)) await served.end('SIGKILL');
  await place.remove();
});

it('machines that die without a word, one after the other, are each followed by one that goes on', async () => {
  let keeper = start('--state', './machine0');
  await keeper.done('backup docs');
  for (let turn = 1; turn <= 4; turn += 1) {
    const next = start('--state', `./machine${turn}`);
    await next.said('standing_by');
    await keeper.end('SIGKILL');
    await next.said('keeping');
    await next.done('backup docs');
    keeper = next;
  }
  expect(await keeper.end('SIGTERM')).toBe(0);
  expect((await place.run('verify', '--all')).json).toMatchObject({ damage: [] });
}, 600_000);
