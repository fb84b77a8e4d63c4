import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from './store.ts';

export interface StoreSubject {
  /** An empty place; opened again it is the same place. */
  make(): Promise<{ place: string; open(): Promise<Store>; destroy(): Promise<void> }>;
  /** A module that exports `openForRace(place)` for processes of their own, or why processes cannot race here. */
  race: { module: string } | { skipped: string };
}

const bytes = (text: string): Buffer => Buffer.from(text);
const namesOf = async (store: Store, prefix: string): Promise<string[]> =>
  (await Array.fromAsync(store.list(prefix))).map(({ name }) => name).sort();

/** What every store promises, as sentences; see `Store`. */
export function storeSuite(title: string, subject: StoreSubject): void {
  describe(`store: ${title}`, () => {
    let made: Awaited<ReturnType<StoreSubject['make']>>;
    let store: Store;
    beforeEach(async () => {
      made = await subject.make();
      store = await made.open();
    });
    afterEach(async () => {
      await store.close();
      await made.destroy();
    });

    it('gives back what was put, from its parts in order', async () => {
      await store.put('points/a', [bytes('one '), bytes(''), bytes('two')]);
      expect((await store.get('points/a')).toString()).toBe('one two');
      expect(await store.stat('points/a')).toEqual({ name: 'points/a', bytes: 7 });
    });

    it('keeps an empty object', async () => {
      await store.put('empty', []);
      expect(await store.get('empty')).toHaveLength(0);
      expect(await store.stat('empty')).toEqual({ name: 'empty', bytes: 0 });
    });

    it('keeps an object larger than any pack', async () => {
      const part = Buffer.alloc(10 * 2 ** 20, 7);
      await store.put('large', [part, part, part, part, bytes('end')]);
      const found = await store.get('large');
      expect(found.length).toBe(4 * part.length + 3);
      expect(found.subarray(-3).toString()).toBe('end');
      expect(found.subarray(0, part.length).equals(part)).toBe(true);
    });

    it('reads ranges, shorter only where the object ends', async () => {
      await store.put('r', [bytes('0123456789')]);
      const read = async (offset: number, length: number): Promise<string> =>
        (await store.get('r', { range: { offset, length } })).toString();
      expect(await read(3, 4)).toBe('3456');
      expect(await read(8, 10)).toBe('89');
      expect(await read(10, 5)).toBe('');
      expect(await read(99, 5)).toBe('');
      expect(await read(0, 0)).toBe('');
    });

    it('replaces an object whole: a reader sees the old or the new one', async () => {
      const [old, fresh] = [Buffer.alloc(200_000, 1), Buffer.alloc(300_000, 2)];
      await store.put('o', [old]);
      const state = { writing: true };
      const writer = (async () => {
        for (let n = 0; n < 20; n += 1) await store.put('o', [n % 2 === 0 ? fresh : old]);
        state.writing = false;
      })();
      let reads = 0;
      for (; state.writing; reads += 1) {
        const seen = await store.get('o');
        expect(seen.equals(old) || seen.equals(fresh)).toBe(true);
      }
      await writer;
      expect(reads).toBeGreaterThan(0);
    });

    it('refuses to create what is there, and leaves it as it is', async () => {
      await store.put('once', [bytes('first')], { ifAbsent: true });
      await expect(store.put('once', [bytes('second')], { ifAbsent: true })).rejects.toMatchObject({
        code: 'store.exists',
      });
      expect((await store.get('once')).toString()).toBe('first');
    });

    it('lets exactly one of eight writers create an object', async () => {
      const handles = await Promise.all(Array.from({ length: 8 }, () => made.open()));
      for (let round = 0; round < 10; round += 1) {
        const tries = handles.map((one, n) => one.put(`w/${round}`, [bytes(`writer ${n}`)], { ifAbsent: true }));
        const outcomes = await Promise.allSettled(tries);
        const winners = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
        expect(winners).toHaveLength(1);
        expect((await store.get(`w/${round}`)).toString()).toBe(`writer ${winners[0]}`);
      }
      await Promise.all(handles.map((one) => one.close()));
    });

    const { race } = subject;
    it('lets exactly one of eight processes create an object', async (context) => {
      if ('skipped' in race) return context.skip(race.skipped);
      const rounds = 25;
      const won = await raceOf(race.module, made.place, 8, rounds);
      for (let round = 0; round < rounds; round += 1) {
        const winners = won.flatMap((wins, n) => (wins.includes(round) ? [n] : []));
        expect(winners).toHaveLength(1);
        expect((await store.get(`race/${round}`)).toString()).toBe(`process ${winners[0]}`);
      }
    });

    it('lists every object below a prefix, by whole parts of names', async () => {
      for (const name of ['packs/00/a', 'packs/01/b', 'packs-old/c', 'points/d', 'top'])
        await store.put(name, [bytes(name)]);
      expect(await namesOf(store, '')).toEqual(['packs-old/c', 'packs/00/a', 'packs/01/b', 'points/d', 'top']);
      expect(await namesOf(store, 'packs')).toEqual(['packs/00/a', 'packs/01/b']);
      expect(await namesOf(store, 'packs/01/')).toEqual(['packs/01/b']);
      expect(await namesOf(store, 'nothing')).toEqual([]);
      expect(await Array.fromAsync(store.list('points/'))).toEqual([{ name: 'points/d', bytes: 8 }]);
    });

    it('says what is missing', async () => {
      await expect(store.get('a/b')).rejects.toMatchObject({ code: 'store.missing' });
      expect(await store.stat('a/b')).toBeUndefined();
      await store.put('a/b', []);
      await expect(store.get('a')).rejects.toMatchObject({ code: 'store.missing' });
      expect(await store.stat('a')).toBeUndefined();
    });

    it('removes an object, and does not mind when there is none', async () => {
      await store.put('gone', [bytes('x')]);
      await store.remove('gone');
      await store.remove('gone');
      await store.remove('never/was');
      expect(await store.stat('gone')).toBeUndefined();
      expect(await namesOf(store, '')).toEqual([]);
    });

    it('refuses names that could lead elsewhere', async () => {
      const bad = [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '..',
        'a/../b',
        './a',
        '.hidden',
        'A',
        'a b',
        'a\\b',
        'a\n',
        'a\0',
        'é',
      ];
      for (const name of [...bad, 'tmp', 'tmp/a', 'x'.repeat(201)]) {
        await expect(store.put(name, [])).rejects.toMatchObject({ code: 'store.name' });
        await expect(store.get(name)).rejects.toMatchObject({ code: 'store.name' });
        await expect(store.stat(name)).rejects.toMatchObject({ code: 'store.name' });
        await expect(store.remove(name)).rejects.toMatchObject({ code: 'store.name' });
      }
      await expect(namesOf(store, '../x')).rejects.toMatchObject({ code: 'store.name' });
      expect(await namesOf(store, '')).toEqual([]);
    });

    it('stops when it is told to, with nothing half-visible', async () => {
      const signal = AbortSignal.abort();
      await expect(store.put('s', [bytes('x')], { signal })).rejects.toMatchObject({ code: 'operation.cancelled' });
      expect(await store.stat('s')).toBeUndefined();
      await store.put('s', [bytes('x')]);
      await expect(store.get('s', { signal })).rejects.toMatchObject({ code: 'operation.cancelled' });
    });

    it('tells how much room there is, where it can tell, and writes nothing for it', async (context) => {
      if (store.room === undefined) return context.skip('stores of this kind cannot tell');
      expect((await store.room()).freeBytes).toBeGreaterThan(0);
      expect(await namesOf(store, '')).toEqual([]);
    });

    it('still holds everything when it is opened again', async () => {
      await store.put('kept/a', [bytes('kept')], { ifAbsent: true });
      await store.close();
      store = await made.open();
      expect((await store.get('kept/a')).toString()).toBe('kept');
      expect(await namesOf(store, '')).toEqual(['kept/a']);
    });
  });
}

/** The rounds that each process won; all start at one word when all are ready. */
async function raceOf(module: string, place: string, processes: number, rounds: number): Promise<number[][]> {
  const racer = new URL('./testing/racer.ts', import.meta.url).pathname;
  const runners = Array.from({ length: processes }, (_, n) => {
    const words = [racer, module, place, `process ${n}`, String(rounds)];
    return spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  });
  const outputs = runners.map(() => '');
  runners.forEach((one, n) => one.stdout.on('data', (piece: Buffer) => (outputs[n] += piece.toString())));
  const ends = runners.map((one) => once(one, 'close'));
  await Promise.all(runners.map((one) => once(one.stdout, 'data')));
  for (const one of runners) one.stdin.end('go\n');
  expect((await Promise.all(ends)).map(([code]) => code as number)).toEqual(runners.map(() => 0));
  return outputs.map((output) => JSON.parse(output.split('\n')[1] ?? '') as number[]);
}
