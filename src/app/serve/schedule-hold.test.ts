import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, systemClock } from '../../core/index.ts';
import { machineWith } from '../../procedures/testing/leased.ts';
import { LeaseTime } from '../../procedures/testing/lease-time.ts';
import type { Bench } from '../../procedures/testing/bench.ts';
import type { Store } from '../../stores/index.ts';
import { takeRole, type Role } from './role.ts';

const leaseMs = 20_000;
let time: LeaseTime;
let folder = '';
let stop = new AbortController();
const benches: Bench[] = [];
const waiting: Promise<unknown>[] = [];
beforeEach(() => {
  time = new LeaseTime();
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-role-'));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await Promise.allSettled(waiting.splice(0));
  await time.end();
  for (const bench of benches.splice(0)) bench.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A machine that meets the store only while it is not away. */
class Machine {
  isCut = false;
  role: Role | undefined;
  readonly said: string[] = [];
  readonly #bench: ReturnType<typeof machineWith>;

  constructor(name: string) {
    this.#bench = machineWith(join(folder, 'store'), {
      folder: join(folder, name),
      leaseMs,
      clock: time.clock,
      wrap: (store) => this.#cut(time.watched(store)),
    });
    benches.push(this.#bench);
  }

  /** Waits for its turn, and is the keeper from then on until it loses it. */
  begin(): void {
    const { workspace } = this.#bench;
    const standingBy = (words: string): void => void this.said.push(words);
    const take = async (): Promise<void> => {
      const role = await takeRole({ workspace, id: 'serve', leaseMs, signal: stop.signal, standingBy });
      this.role = role;
      role?.lease.signal.addEventListener('abort', () => {
        this.role = undefined;
        waiting.push(role.release());
      });
    };
    waiting.push(take());
  }

  #cut(store: Store): Store {
    const answer = (): void => {
      if (this.isCut) throw new LifeboatError('store.unreachable', 'away');
    };
    return {
      ...store,
      put: async (...words) => (answer(), store.put(...words)),
      get: async (...words) => (answer(), store.get(...words)),
      stat: async (name) => (answer(), store.stat(name)),
      remove: async (name) => (answer(), store.remove(name)),
      close: () => store.close(),
      list: (prefix) => (answer(), store.list(prefix)),
    };
  }
}

const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 3000 && !holds(); tries += 1) await systemClock.sleep(5);
  expect(holds()).toBe(true);
};
const passes = (ms: number): Promise<void> => time.clock.sleep(ms);

describe('the hold of the schedule', () => {
  it('is not taken by one that stood by while a store is silent for a moment, nor by two when it is silent for long', async () => {
    const [keeper, other] = [new Machine('keeper'), new Machine('other')];
    keeper.begin();
    await until(() => keeper.role !== undefined);
    other.begin();
    await until(() => other.said.length > 0);
    other.isCut = true;
    await until(() => other.said.some((words) => words.includes('no store tells whether')));
    await passes(leaseMs);
    other.isCut = false;
    await passes(leaseMs);
    expect([keeper.role !== undefined, other.role]).toEqual([true, undefined]);
  });

  it('that was begun without a store is taken there when it answers, and one of two is left', async () => {
    const [one, two] = [new Machine('one'), new Machine('two')];
    one.isCut = true;
    one.begin();
    await until(() => one.role !== undefined);
    expect(one.role?.lease.stores).toEqual([]);
    two.begin();
    await until(() => two.role !== undefined);
    one.isCut = false;
    await until(() => one.role === undefined);
    await passes(2 * leaseMs);
    expect(two.role?.lease.stores).toEqual(['near']);
  });

  it('that lost its store is whole again when the store is back', async () => {
    const one = new Machine('one');
    one.isCut = true;
    one.begin();
    await until(() => one.role !== undefined);
    one.isCut = false;
    await until(() => one.role?.lease.stores.length === 1);
    expect(one.role?.lease.without).toEqual([]);
    await passes(3 * leaseMs);
    one.role?.lease.mustHold();
  });
});
