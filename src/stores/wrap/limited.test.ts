import { describe, expect, it } from 'vitest';
import { LifeboatError, ManualClock, systemClock, type Clock } from '../../core/index.ts';
import type { Store } from '../store.ts';
import { limited } from './limited.ts';

/** Answers everything at once, and notes when by the clock. */
const instant = (seen: number[], clock: Pick<Clock, 'elapsed'>): Store => ({
  location: 'memory',
  atomicCreate: true,
  put: async () => void seen.push(clock.elapsed()),
  get: async () => (seen.push(clock.elapsed()), Buffer.alloc(100)),
  stat: async () => undefined,
  list: async function* () {},
  remove: async () => {},
  close: async () => {},
});

describe('a limited store', () => {
  it('lets no more bytes pass in any longer time than the rate, in and out together', async () => {
    let elapsedMs = 0;
    const clock = { now: () => 0, elapsed: () => elapsedMs, sleep: async (ms: number) => void (elapsedMs += ms) };
    const seen: number[] = [];
    const store = limited(instant(seen, clock), { clock, bytesPerSecond: 100 });
    await store.get('a');
    await store.put('b', [Buffer.alloc(50)]);
    await store.get('c');
    await store.stat('d');
    expect(seen).toEqual([0, 1000, 1500]);
  });

  it('counts operations that are asked for at once as if they came one by one', async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const store = limited(instant(seen, clock), { clock, bytesPerSecond: 100 });
    await store.put('first', [Buffer.alloc(100)]);
    const work = Promise.all([1, 2, 3].map((one) => store.put(String(one), [Buffer.alloc(100)])));
    for (let step = 0; step < 20; step += 1) await clock.advance(500);
    await work;
    expect(seen).toEqual([0, 1000, 2000, 3000]);
  });

  it('ends its wait when it is stopped', async () => {
    const store = limited(instant([], new ManualClock()), { clock: systemClock, bytesPerSecond: 1 });
    await store.get('a');
    const stop = new AbortController();
    const waiting = store.get('b', { signal: stop.signal });
    stop.abort(new LifeboatError('operation.cancelled', 'stopped'));
    await expect(waiting).rejects.toMatchObject({ code: 'operation.cancelled' });
  });
});
