import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GrowingLogPiece, LogRange, LogWriter } from '../../assets/index.ts';
import { LifeboatError, limits, Secret, systemClock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import { createRepository, openRepository } from '../open.ts';
import { replicate } from '../replicate/replicate.ts';
import type { Repository } from '../repository.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const cheap = { derivation: { memoryKiB: 64, passes: 1, lanes: 1 } } as const;
const recipients = { passphrase: new Secret('a passphrase of tests'), age: [] };
const range = (start: number, end: number): LogRange => ({ timeline: 1, start: BigInt(start), end: BigInt(end) });
const bytesOf = ({ start, end }: LogRange): Buffer =>
  Buffer.from(Array.from({ length: Number(end - start) }, (_, i) => ((Number(start) + i) % 250) + 1));

describe('a piece of log that grows', () => {
  let folder: string;
  let store: Store;
  let repository: Repository;
  let log: LogWriter;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-growing-'));
    store = await openFsStore(folder, true);
    repository = await createRepository(store, recipients, systemClock, cheap);
    log = repository.log('orders', '7300');
  });
  afterEach(async () => {
    await repository.close();
    await rm(folder, { recursive: true, force: true });
  });

  const grow = async (sizes: readonly number[], from = 0): Promise<{ growing: GrowingLogPiece; path: string }> => {
    const [first = 1, ...others] = sizes;
    const growing = await log.grow(range(from, from + first), bytesOf(range(from, from + first)), { completeToMs: 1 });
    if (growing === undefined) throw new Error('a folder lets objects grow');
    for (const [index, size] of others.entries()) {
      const at = Number(growing.piece.end);
      await growing.add(bytesOf(range(at, at + size)), { completeToMs: index + 2 });
    }
    return { growing, path: join(folder, String(growing.piece.growing)) };
  };
  const listed = async (): Promise<[bigint, bigint][]> =>
    (await log.list()).pieces.map(({ start, end }) => [start, end]);

  it('is listed and read as far as it has come, while it grows', async () => {
    const { growing } = await grow([100, 50]);
    const { pieces } = await log.list();
    expect(pieces).toMatchObject([{ timeline: 1, start: 0n, end: 150n, growing: growing.piece.growing }]);
    await growing.add(bytesOf(range(150, 200)), { completeToMs: 9 });
    const [piece] = pieces;
    // What came after the listing is not part of what was listed.
    expect(await log.read(piece as LogRange)).toEqual(bytesOf(range(0, 150)));
    expect(await log.marks(piece as LogRange)).toMatchObject({ completeToMs: 2 });
    expect(await listed()).toEqual([[0n, 200n]]);
    await growing.close();
  });

  it('grows in the thread that asks too, by turns with additions that are waited for, and says before it seals anything when it cannot', async () => {
    const { growing } = await grow([100, 50]);
    const grewNow: boolean[] = [];
    for (let at = 150; at < 150 + 40 * 500; at += 500) {
      const [bytes, marks] = [bytesOf(range(at, at + 500)), { completeToMs: at }];
      const under = at % 3_000 === 650 ? growing.add(bytes, marks) : undefined;
      grewNow.push(under === undefined && growing.addNow(bytes, marks));
      if (under === undefined && grewNow.at(-1) === false) await growing.add(bytes, marks);
      await under;
    }
    expect(grewNow.filter((grew) => grew).length).toBeGreaterThan(20);
    const under = growing.add(bytesOf(range(20_150, 20_151)), {});
    expect(growing.addNow(Buffer.from('x'), {})).toBe(false);
    await under;
    // No room is made for so much.
    let much = range(20_151, 20_151 + limits.logFrameBytesMax);
    while (growing.addNow(bytesOf(much), { completeToMs: 7 }))
      much = range(Number(much.end), Number(much.end) + limits.logFrameBytesMax);
    await growing.add(bytesOf(much), { completeToMs: 7 });
    const { pieces } = await log.list();
    expect(pieces).toMatchObject([{ start: 0n, end: much.end }]);
    expect((await log.read(pieces[0] as LogRange)).equals(bytesOf(range(0, Number(much.end))))).toBe(true);
    expect(await log.marks(pieces[0] as LogRange)).toMatchObject({ completeToMs: 7 });
    await growing.close();
  });

  it.each(['add', 'addNow'] as const)(
    'grows no more behind an addition that was not stored (%s), whatever it is asked: what was stored before reads back whole',
    async (way) => {
      const failing = { next: false };
      const meet = (): void => {
        if (!failing.next) return;
        failing.next = false;
        throw new LifeboatError('store.unreachable', 'given up, and perhaps stored all the same');
      };
      const grown: NonNullable<Store['grow']> = async (...words) => {
        const object = await (store as Required<Store>).grow(...words);
        return {
          takesNow: (bytes) => object.takesNow(bytes),
          close: () => object.close(),
          add: async (parts) => {
            meet();
            await object.add(parts);
          },
          addNow: (bytes) => {
            meet();
            object.addNow(bytes);
          },
        };
      };
      const wrapped = new Proxy(store, {
        get: (target, key) => {
          const value: unknown = key === 'grow' ? grown : Reflect.get(target, key);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const other = await openRepository(wrapped, recipients, systemClock);
      const growing = await other.log('orders', '7300').grow(range(0, 100), bytesOf(range(0, 100)), {});
      if (growing === undefined) throw new Error('a folder lets objects grow');
      await growing.add(bytesOf(range(100, 150)), {});
      const addition = [bytesOf(range(150, 200)), {}] as const;
      const added = async (): Promise<unknown> => growing[way](...addition);
      // Room is made beside the additions before.
      if (way === 'addNow') await expect.poll(() => growing.addNow(Buffer.alloc(0), {})).toBe(true);
      failing.next = true;
      await expect(added()).rejects.toMatchObject({ code: 'store.unreachable' });
      expect(growing.takes(1)).toBe(false);
      await expect(growing.add(...addition)).rejects.toThrow(/nothing of it was lost/);
      expect(() => growing.addNow(...addition)).toThrow(/nothing of it was lost/);
      await growing.close();
      await other.close();
      expect(await listed()).toEqual([[0n, 150n]]);
      expect(await repository.verify({ depth: 'everything' })).toMatchObject({ damage: [] });
    },
  );

  it('where objects do not grow, none is begun', async () => {
    const other = await createRepository(new MemoryStore(), recipients, systemClock, cheap);
    expect(await other.log('orders', '7300').grow(range(0, 4), Buffer.alloc(4), {})).toBeUndefined();
  });

  it('becomes a piece like any other, or part of a whole segment; who listed it before reads it from there', async () => {
    const { growing } = await grow([100, 50]);
    const { pieces } = await log.list();
    const [piece] = pieces as [(typeof pieces)[number]];
    await growing.close();
    await log.settle(pieces);
    const settled = (await log.list()).pieces;
    expect(settled).toEqual([{ ...range(0, 150), storedBytes: settled[0]?.storedBytes }]);
    const { growing: second } = await grow([50], 150);
    await second.close();
    await log.compact(range(0, 200), (await log.list()).pieces);
    expect(await listed()).toEqual([[0n, 200n]]);
    expect(await log.read(piece)).toEqual(bytesOf(range(0, 150)));
    await expect(log.marks(piece)).rejects.toMatchObject({ code: 'repository.incomplete' });
    expect(await log.read((await log.list()).pieces[0] as LogRange)).toEqual(bytesOf(range(0, 200)));
  });

  it('cut anywhere it ends with the last frame that is whole, and that is no damage', async () => {
    const { growing, path } = await grow([30, 40, 50]);
    await growing.close();
    const whole = (await readFile(path)).subarray(0, growing.piece.storedBytes);
    const ends = new Set<string>();
    for (let bytes = whole.length; bytes >= 32; bytes -= 1) {
      await writeFile(path, whole.subarray(0, bytes));
      ends.add(String((await listed()).at(0)?.[1] ?? 0n));
      if (bytes % 20 === 0) expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
    }
    expect([...ends]).toEqual(['120', '70', '30', '0']);
  });

  it('after a power cut all that was acknowledged is there, whatever sectors of the last addition the disk had', async () => {
    const frames = fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 2, maxLength: 6 });
    const sectors = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(frames, sectors, fc.integer({ min: 0, max: 5_000 }), async (sizes, kept, room) => {
        const { growing, path } = await grow(sizes.slice(0, -1));
        const acknowledged = growing.piece;
        const at = Number(acknowledged.end);
        await growing.add(bytesOf(range(at, at + (sizes.at(-1) as number))), {});
        await growing.close();
        const whole = (await readFile(path)).subarray(0, growing.piece.storedBytes);
        const torn = Buffer.concat([whole, Buffer.alloc(room)]);
        for (let byte = acknowledged.storedBytes; byte < whole.length; byte += 1)
          if (kept[Math.floor(byte / 512) % kept.length] !== true) torn[byte] = 0;
        await writeFile(path, torn);
        const [, end] = (await listed())[0] as [bigint, bigint];
        expect(end).toBe(torn.subarray(0, whole.length).equals(whole) ? growing.piece.end : acknowledged.end);
        expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
        await rm(path);
      }),
      { numRuns: 40 },
    );
  });

  it('a changed byte in what was whole is named by verify, what is before it is read, and nothing wrong ever is', async () => {
    const { growing, path } = await grow([300, 300, 300, 300]);
    await growing.close();
    const whole = await readFile(path);
    const frame = (growing.piece.storedBytes - 32) / 4;
    for (const [byte, end] of [
      [32 + 200, undefined],
      [32 + frame + 200, 300n],
      [32 + 2 * frame + 30, 600n],
    ] as const) {
      const changed = Buffer.from(whole);
      changed[byte] = (changed[byte] as number) ^ 4;
      await writeFile(path, changed);
      const { pieces } = await log.list();
      expect(pieces[0]?.end).toBe(end);
      for (const piece of pieces) expect(await log.read(piece)).toEqual(bytesOf(piece));
      expect((await repository.verify({ depth: 'everything' })).damage).toMatchObject([
        { object: growing.piece.growing, kind: 'log', code: 'repository.damaged' },
      ]);
      // What is damaged stays for people to see, and what is whole of it is kept apart from it.
      await log.settle(pieces);
      expect(await readFile(path)).toEqual(changed);
      await log.remove((await log.list()).pieces.filter((piece) => piece.growing === undefined));
    }
  });

  it('is copied to another store as far as it is whole, and in the place of a copy that ends sooner', async () => {
    const target = new MemoryStore();
    const options = { clock: systemClock, host: 'here' };
    const { growing } = await grow([100, 50]);
    await replicate(store, target, options);
    const copy = (await openRepository(target, recipients, systemClock)).log('orders', '7300');
    const copied = async (): Promise<bigint | undefined> => (await copy.list()).pieces[0]?.end;
    expect(await copied()).toBe(150n);
    await growing.add(bytesOf(range(150, 180)), {});
    const { mended, differing, damage } = await replicate(store, target, options);
    expect([await copied(), mended, differing, damage]).toEqual([180n, [], [], []]);
    const [piece] = (await copy.list()).pieces;
    expect(await copy.read(piece as LogRange)).toEqual(bytesOf(range(0, 180)));
    await growing.close();
    // A source whose file was cut takes nothing from the copy.
    await writeFile(
      join(folder, String(growing.piece.growing)),
      (await target.get(String(growing.piece.growing))).subarray(0, 300),
    );
    await replicate(store, target, options);
    expect(await copied()).toBe(180n);
  });

  it('under the name of another one it is nothing', async () => {
    const { growing, path } = await grow([30]);
    await growing.close();
    const { growing: other, path: place } = await grow([30], 500);
    await other.close();
    await writeFile(place, await readFile(path));
    expect(await listed()).toEqual([[0n, 30n]]);
    expect((await repository.verify({ depth: 'everything' })).damage).toHaveLength(1);
  });

  it('killed at any instant, its writer has lost nothing that it acknowledged', async () => {
    for (const [afterMs, how] of [
      [5, 'waited for'],
      [60, 'waited for'],
      [140, 'waited for'],
      [70, 'now'],
      [150, 'now'],
    ] as const) {
      const acknowledged = await killedWriter(folder, afterMs, how);
      const { pieces } = await log.list();
      const [piece] = pieces as [(typeof pieces)[number]];
      expect(acknowledged).toBeGreaterThan(0n);
      expect(piece.end).toBeGreaterThanOrEqual(acknowledged);
      expect(await log.read(piece)).toEqual(bytesOf(piece));
      expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
      await log.remove(pieces);
    }
  });
});

async function killedWriter(folder: string, afterMs: number, how: 'waited for' | 'now'): Promise<bigint> {
  const script = `
    const { openFsStore } = await import(${JSON.stringify(new URL('../../stores/fs/index.ts', import.meta.url).href)});
    const { openRepository } = await import(${JSON.stringify(new URL('../open.ts', import.meta.url).href)});
    const { Secret, systemClock } = await import(${JSON.stringify(new URL('../../core/index.ts', import.meta.url).href)});
    const store = await openFsStore(${JSON.stringify(folder)}, false);
    const repository = await openRepository(store, { passphrase: new Secret('a passphrase of tests') }, systemClock);
    const log = repository.log('orders', '7300');
    const bytes = (at) => Buffer.from(Array.from({ length: 700 }, (_, i) => (at + i) % 250 + 1));
    const growing = await log.grow({ timeline: 1, start: 0n, end: 700n }, bytes(0), {});
    for (let at = 700; at < 14_000_000; at += 700) {
      process.stdout.write(growing.piece.end + '\\n');
      if (${how === 'waited for'} || !growing.addNow(bytes(at), {})) await growing.add(bytes(at), {});
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await once(child, 'close');
  return BigInt(said.split('\n').at(-2) ?? 0);
}
