import { randomBytes, randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { FreezingStore } from '../../stores/testing/freezing.ts';
import type { Point } from '../repository.ts';
import { dyingAt } from '../testing/dying.ts';
import { backup, file, makeRepository, readAll, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const options = { clock: systemClock, host: 'here', dryRun: false };

interface Ground {
  readonly memory: MemoryStore;
  readonly old: Point;
  readonly young: Point;
}

async function ground(): Promise<Ground> {
  const memory = new MemoryStore();
  const store = new FreezingStore(memory);
  await makeRepository(store);
  const shared = randomBytes(300_000);
  const old = await backup(await reopen(store), [file('old', randomBytes(300_000)), file('shared', shared)]);
  const young = await backup(await reopen(store), [file('shared', shared), file('young', randomBytes(300_000))]);
  return { memory, old, young };
}

/** A day’s work of a prune: what it does with the packs, then with their classes. */
async function day(store: FreezingStore, { old }: Ground): Promise<void> {
  await (await reopen(store)).prune(options);
  await (await reopen(store)).cool({ ...options, classes: new Map([[old.id, 'glacier']]) });
}

const isCold = (store: FreezingStore): boolean => [...store.classes.values()].includes('glacier');

/** Killed at a call of one of the first three days, while points move to a colder class. */
export function coolingKilled(stride: number, timeoutMs: number): void {
  test(
    `killed in front of ${stride === 1 ? 'each' : 'some'} of its calls, no young point freezes, and the next days bring it to its end`,
    async () => {
      const start = await ground();
      let kills = 0;
      for (let call = 1 + randomInt(stride); ; call += stride) {
        const memory = start.memory.twin();
        const store = new FreezingStore(memory);
        const wasKilled = await dyingAt(memory, call, async () => {
          for (let n = 0; n < 3; n += 1) await day(store, start);
        });
        expect((await readAll(await reopen(store), start.young)).size).toBe(2);
        if (!wasKilled) break;
        kills += 1;
        for (let n = 0; n < 3; n += 1) await day(store, start);
        expect(isCold(store)).toBe(true);
        const repository = await reopen(store);
        expect((await readAll(repository, start.young)).size).toBe(2);
        expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
        expect([...memory.objects.keys()].filter((name) => /^(cooling|awaited|sessions)\//.test(name))).toEqual([]);
        store.thawed.clear();
        for (const name of store.classes.keys()) await store.thaw(name);
        store.finishThaws();
        expect((await readAll(repository, start.old)).size).toBe(2);
      }
      console.log(`moves to a colder class: killed at ${kills} calls; 0 lost, 0 young frozen`);
      expect(kills).toBeGreaterThan(2);
    },
    timeoutMs,
  );
}
