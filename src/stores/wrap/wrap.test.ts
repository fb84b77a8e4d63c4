import { getEventListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../core/index.ts';
import { openFsStore } from '../fs/index.ts';
import { faulty, metered, retrying, type Fault, type Store } from '../index.ts';
import { storeSuite } from '../store.suite.ts';
import { heapBytesAfterYoung } from '../../testing/live-heap.ts';

const wrappers: Record<string, (store: Store) => Store> = {
  retrying: (store) => retrying(store, { clock: systemClock }),
  metered: (store) => metered(store),
  'faulty, without a fault': (store) => faulty(store, { fault: 'error', at: Infinity }),
  'retrying over lost replies': (store) =>
    retrying(faulty(store, { fault: 'lostReply', at: 2 }), { clock: systemClock }),
};

for (const [title, wrap] of Object.entries(wrappers)) {
  storeSuite(title, {
    make: async () => {
      const place = await mkdtemp(join(tmpdir(), 'lifeboat-wrap-'));
      const open = async (): Promise<Store> => wrap(await openFsStore(place, false));
      return { place, open, destroy: () => rm(place, { recursive: true }) };
    },
    race: { skipped: 'the processes would race on the store beneath, which its own suite asks' },
  });
}

let place: string;
let store: Store;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'lifeboat-wrap-'));
  store = await openFsStore(place, false);
});
afterEach(() => rm(place, { recursive: true }));

const put = (to: Store, text: string, ifAbsent = true): Promise<void> => to.put('o', [Buffer.from(text)], { ifAbsent });

/** Lets a manual clock run until the work is settled, slowly enough for the real disk beneath. */
async function run<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const state = { settled: false };
  const done = work.finally(() => (state.settled = true));
  done.catch(() => {}); // it is awaited below
  for (let turn = 0; !state.settled && turn < 10_000; turn += 1) {
    await systemClock.sleep(1);
    await clock.advance(100);
  }
  return done;
}

describe('a retrying store', () => {
  it.each<Fault>(['error', 'io', 'lostReply'])('gets through %s in every operation', async (fault) => {
    const clock = new ManualClock();
    const once = (): Store => retrying(faulty(store, { fault, at: 1, times: 2 }), { clock });
    await run(clock, put(once(), 'text'));
    expect((await run(clock, once().get('o'))).toString()).toBe('text');
    expect(await run(clock, once().stat('o'))).toEqual({ name: 'o', bytes: 4 });
    expect(await run(clock, Array.fromAsync(once().list('')))).toEqual([{ name: 'o', bytes: 4 }]);
    await run(clock, once().remove('o'));
    expect(await store.stat('o')).toBeUndefined();
  });

  it('knows its own object when the reply to creating it was lost', async () => {
    const clock = new ManualClock();
    await run(clock, put(retrying(faulty(store, { fault: 'lostReply', at: 1 }), { clock }), 'mine'));
  });

  it('does not take the object of another for its own', async () => {
    const clock = new ManualClock();
    await put(store, 'theirs');
    const work = put(retrying(faulty(store, { fault: 'error', at: 1 }), { clock }), 'mine');
    await expect(run(clock, work)).rejects.toMatchObject({ code: 'store.exists' });
    expect((await store.get('o')).toString()).toBe('theirs');
  });

  it('never calls an object its own that was there before it began', async () => {
    await put(store, 'same');
    await expect(put(retrying(store, { clock: new ManualClock() }), 'same')).rejects.toMatchObject({
      code: 'store.exists',
    });
  });

  it('gives up after so many attempts, and says how many', async () => {
    const clock = new ManualClock();
    const inner = faulty(store, { fault: 'error', at: 1, times: Infinity });
    const work = retrying(inner, { clock, attemptsMax: 4 }).get('o');
    await expect(run(clock, work)).rejects.toMatchObject({ code: 'store.unreachable', message: /4 attempts/ });
    expect(inner.calls()).toBe(4);
  });

  it('waits longer each time, between half and all of a doubling time', async () => {
    const waits: number[] = [];
    const clock = new ManualClock();
    const noting = {
      now: () => 0,
      elapsed: () => 0,
      sleep: async (ms: number, signal?: AbortSignal) => {
        if (ms === 7777) return clock.sleep(ms, signal);
        waits.push(ms);
      },
    };
    const inner = faulty(store, { fault: 'error', at: 1, times: Infinity });
    const work = retrying(inner, { clock: noting, attemptsMax: 5, totalMs: 7777, random: () => 0 }).stat('o');
    await expect(work).rejects.toMatchObject({ code: 'store.unreachable' });
    expect(waits).toEqual([100, 200, 400, 800]);
  });

  it('does not repeat what cannot pass by itself', async () => {
    const inner = faulty(store, { fault: 'full', at: 1 });
    await expect(put(retrying(inner, { clock: new ManualClock() }), 'x')).rejects.toMatchObject({ code: 'store.full' });
    expect(inner.calls()).toBe(1);
  });

  it('ends an operation that the store never answers', async () => {
    const clock = new ManualClock();
    const silent = retrying(faulty(store, { fault: 'stall', at: 1, times: Infinity }), { clock, totalMs: 5000 });
    const operations: (() => Promise<unknown>)[] = [
      () => put(silent, 'x'),
      () => silent.get('o'),
      () => silent.stat('o'),
      () => silent.remove('o'),
      () => Array.fromAsync(silent.list('')),
    ];
    for (const work of operations) {
      await expect(run(clock, work())).rejects.toMatchObject({ code: 'store.unreachable', message: /5 s/ });
    }
  });

  it('stops at once when it is told to, also between two attempts', async () => {
    const told = new AbortController();
    const inner = faulty(store, { fault: 'error', at: 1, times: Infinity });
    const work = retrying(inner, { clock: new ManualClock() }).get('o', { signal: told.signal });
    setImmediate(() => told.abort());
    await expect(work).rejects.toMatchObject({ code: 'operation.cancelled' });
  });

  it('leaves nothing of an operation to a full round of the garbage collector, nor to who may stop it', async () => {
    await put(store, 'x');
    const { signal } = new AbortController();
    const retried = retrying(store, { clock: systemClock });
    const ask = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i += 1) await retried.get('o', { signal });
    };
    await ask(100);
    const before = heapBytesAfterYoung();
    await ask(300);
    expect((heapBytesAfterYoung() - before) / 300).toBeLessThan(1_000);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('gives out no name of a listing that broke off', async () => {
    const clock = new ManualClock();
    for (const name of ['a', 'b', 'c', 'd']) await store.put(name, []);
    const listed = Array.fromAsync(retrying(faulty(store, { fault: 'truncated', at: 1 }), { clock }).list(''));
    expect((await run(clock, listed)).map(({ name }) => name).sort()).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('a metered store', () => {
  it('counts calls, bytes and failures', async () => {
    const counted = metered(store);
    await counted.put('a', [Buffer.alloc(10), Buffer.alloc(5)]);
    await counted.get('a', { range: { offset: 12, length: 10 } });
    await Array.fromAsync(counted.list(''));
    await expect(counted.get('none')).rejects.toMatchObject({ code: 'store.missing' });
    await expect(Array.fromAsync(counted.list('../'))).rejects.toMatchObject({ code: 'store.name' });
    expect(counted.meter()).toEqual({
      calls: { put: 1, get: 2, stat: 0, list: 2, remove: 0 },
      failures: 2,
      bytesWritten: 15,
      bytesRead: 3,
    });
  });
});

describe('a faulty store', () => {
  it('fails at the call that was chosen, and at no other', async () => {
    const broken = faulty(store, { fault: 'io', at: 2 });
    await put(broken, 'text');
    await expect(broken.get('o')).rejects.toMatchObject({ code: 'store.io' });
    await broken.get('o');
    expect([broken.calls(), broken.met()]).toEqual([3, 1]);
  });

  it('lies about bytes', async () => {
    await put(faulty(store, { fault: 'truncated', at: 1 }), '12345678');
    expect((await store.get('o')).toString()).toBe('1234');
    expect((await faulty(store, { fault: 'truncated', at: 1 }).get('o')).toString()).toBe('12');
    expect(await faulty(store, { fault: 'truncated', at: 1 }).stat('o')).toEqual({ name: 'o', bytes: 2 });
  });

  it('does the work whose reply it loses, and nothing of what it refuses', async () => {
    await expect(put(faulty(store, { fault: 'error', at: 1 }), 'x')).rejects.toMatchObject({
      code: 'store.unreachable',
    });
    expect(await store.stat('o')).toBeUndefined();
    await expect(put(faulty(store, { fault: 'lostReply', at: 1 }), 'x')).rejects.toMatchObject({
      code: 'store.unreachable',
    });
    expect(await store.stat('o')).toBeDefined();
  });
});
