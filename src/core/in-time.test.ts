import { expect, it } from 'vitest';
import { ManualClock } from './clock.ts';
import { LifeboatError } from './errors.ts';
import { allInTime, inTime } from './in-time.ts';

const bound = (clock: ManualClock) => ({
  clock,
  ms: 1_000,
  late: () => new LifeboatError('store.unreachable', 'no answer'),
});

it('gives what comes in time, throws what fails, and says so of what is late, which may fail later unheard', async () => {
  const clock = new ManualClock();
  expect(await inTime(Promise.resolve(1), bound(clock))).toBe(1);
  await expect(inTime(Promise.reject(new Error('no')), bound(clock))).rejects.toThrow('no');
  const { promise, reject } = Promise.withResolvers<number>();
  const asked = inTime(promise, bound(clock)).catch((error: Error) => error.message);
  await clock.advance(1_000);
  expect(await asked).toBe('no answer');
  reject(new Error('unheard'));
});

it('of several gives one up only behind the answer of another: alone it is waited for, however long it takes', async () => {
  const clock = new ManualClock();
  const [slow, hanging] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const asked = allInTime([slow.promise, Promise.reject(new Error('no')), hanging.promise], () => bound(clock));
  await clock.advance(60_000);
  slow.resolve(1);
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(1_000);
  expect((await asked).map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason.message)))).toEqual([
    1,
    'no',
    'no answer',
  ]);
});
