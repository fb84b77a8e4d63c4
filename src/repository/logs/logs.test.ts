import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogClock, LogMarks, LogRange, LogWriter } from '../../assets/index.ts';
import { Secret, systemClock } from '../../core/index.ts';
import { createRepository } from '../open.ts';
import type { Repository } from '../repository.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const cheap = { derivation: { memoryKiB: 64, passes: 1, lanes: 1 } } as const;

async function fresh(): Promise<{ store: MemoryStore; repository: Repository; log: LogWriter }> {
  const store = new MemoryStore();
  const recipients = { passphrase: new Secret('a passphrase of tests'), age: [] };
  const repository = await createRepository(store, recipients, systemClock, cheap);
  return { store, repository, log: repository.log('orders', '7300') };
}

const range = (start: number, end: number, timeline = 1): LogRange => ({
  timeline,
  start: BigInt(start),
  end: BigInt(end),
});
const bytesOf = ({ start, end }: LogRange): Buffer =>
  Buffer.from(Array.from({ length: Number(end - start) }, (_, i) => (Number(start) + i) % 251));
const put = (log: LogWriter, at: LogRange, marks: LogMarks = {}): Promise<void> => log.append(at, bytesOf(at), marks);

describe('the log of a source in a repository', () => {
  it('gives back what was appended, by names that tell the whole of its range', async () => {
    const { log } = await fresh();
    const marks: LogMarks = {
      completeToMs: 5,
      commits: { count: 2, oldestMs: 1, newestMs: 4, newestEnd: 70n },
      transactions: [700, 702],
      names: [{ name: 'before the upgrade', at: 33n, atMs: 2 }],
    };
    await put(log, range(100, 200));
    await put(log, range(0, 100), marks);
    await log.appendHistory(2, '1\t0/64\tno recovery target specified\n');
    const { pieces, histories } = await log.list();
    expect(pieces.map(({ start, end }) => [start, end])).toEqual([
      [0n, 100n],
      [100n, 200n],
    ]);
    expect(histories).toEqual([2]);
    expect(await log.read(range(0, 100))).toEqual(bytesOf(range(0, 100)));
    expect(await log.marks(range(0, 100))).toEqual(marks);
    expect(await log.history(2)).toContain('0/64');
  });

  it('gives back segments that pack to nearly nothing, to a part, and not at all, byte by byte', async () => {
    const { log } = await fresh();
    const bytes = 2 ** 20;
    const half = Buffer.concat([randomBytes(bytes / 2), Buffer.alloc(bytes / 2, 'text ')]);
    const contents = [Buffer.alloc(bytes), half, randomBytes(bytes)];
    for (const [index, content] of contents.entries())
      await log.append(range(index * bytes, (index + 1) * bytes), content, {});
    const { pieces } = await log.list();
    for (const [index, content] of contents.entries())
      expect((await log.read(pieces[index] as LogRange)).equals(content)).toBe(true);
  });

  it('gives back what it was told will soon be replaced, byte by byte, and in the place of it the whole, as if nobody had told it', async () => {
    const { log } = await fresh();
    const run = fc.record({
      bytes: fc.uint8Array({ minLength: 1, maxLength: 600 }),
      times: fc.integer({ min: 1, max: 200 }),
    });
    const content = fc.array(run, { minLength: 1, maxLength: 4 });
    let start = 0;
    const sameAsEver = async (
      runs: readonly { bytes: Uint8Array; times: number }[],
      isFirst: boolean,
    ): Promise<void> => {
      // Of what repeats itself at all lengths, and of what does not.
      const bytes = Buffer.concat(runs.flatMap(({ bytes: one, times }) => Array.from({ length: times }, () => one)));
      const [from, middle, end] = [start, start + Math.ceil(bytes.length / 2), start + bytes.length];
      start = end;
      const parts = [range(from, middle), range(middle, end)].filter((part) => part.end > part.start);
      const marks: LogMarks = { transactions: [700, 702] };
      for (const part of parts) {
        const own = bytes.subarray(Number(part.start) - from, Number(part.end) - from);
        await log.append(part, own, marks, { isPassing: isFirst });
        await log.append(part, own, marks, { isPassing: !isFirst });
        expect((await log.read(part)).equals(own)).toBe(true);
        expect(await log.marks(part)).toMatchObject(marks);
      }
      const pieces = (await log.list()).pieces.filter((piece) => piece.start >= BigInt(from));
      await log.compact(range(from, end), pieces);
      expect((await log.read(range(from, end))).equals(bytes)).toBe(true);
    };
    await fc.assert(fc.asyncProperty(content, fc.boolean(), sameAsEver), { numRuns: 30 });
  });

  it('packs what will soon be replaced quickly, and anything else well', async () => {
    const { log, store } = await fresh();
    const words = Array.from({ length: 40_000 }, (_, n) => `row ${(n * 7919) % 1000} of ${n % 97}; `).join('');
    const bytes = Buffer.from(words);
    const sizes: number[] = [];
    for (const [index, isPassing] of [true, false].entries()) {
      const known = new Set(store.objects.keys());
      const start = index * bytes.length;
      await log.append(range(start, start + bytes.length), bytes, {}, { isPassing });
      sizes.push(...[...store.objects].flatMap(([name, object]) => (known.has(name) ? [] : [object.length])));
    }
    const [passing, lasting] = sizes as [number, number];
    expect(sizes).toHaveLength(2);
    expect(lasting).toBeLessThan(passing);
  });

  it('takes the same content again, refuses other content for the same place, and keeps what it has', async () => {
    const { log } = await fresh();
    await put(log, range(0, 50));
    await put(log, range(0, 50));
    await expect(log.append(range(0, 50), Buffer.alloc(50), {})).rejects.toMatchObject({ code: 'log.conflict' });
    expect(await log.read(range(0, 50))).toEqual(bytesOf(range(0, 50)));
    await log.appendHistory(2, 'a');
    await expect(log.appendHistory(2, 'b')).rejects.toMatchObject({ code: 'log.conflict' });
  });

  it('writes a damaged piece anew when its bytes come again', async () => {
    const { log, store } = await fresh();
    await put(log, range(0, 50));
    const name = [...store.objects.keys()].find((one) => one.startsWith('logs/')) as string;
    store.objects.set(name, Buffer.from('torn'));
    await expect(log.read(range(0, 50))).rejects.toMatchObject({ code: 'repository.damaged' });
    await put(log, range(0, 50));
    expect(await log.read(range(0, 50))).toEqual(bytesOf(range(0, 50)));
  });

  it('keeps the clock of an idle source beside its pieces; the next one takes the place of the last, and a changed one is damage', async () => {
    const { log, store, repository } = await fresh();
    await put(log, range(0, 50));
    const clocks = [1_000, 2_000].map((atMs) => ({ timeline: 1, position: 50n, atMs }));
    const [first, second] = clocks as [LogClock, LogClock];
    await log.appendClock(first, []);
    await log.appendClock(second, [first]);
    expect((await log.list()).clocks).toEqual([second]);
    expect((await log.list()).pieces).toHaveLength(1);
    await log.clock(second);
    expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
    const name = [...store.objects.keys()].find((one) => /^logs\/.*\./.test(one)) as string;
    const moved = name.replace(/.$/, '1');
    store.objects.set(moved, store.objects.get(name) as Buffer);
    const [, lie] = (await log.list()).clocks.map((clock) => log.clock(clock).catch((error: unknown) => error));
    expect([await lie, (await repository.verify({ depth: 'everything' })).damage]).toMatchObject([
      { code: 'repository.damaged' },
      [{ object: moved, kind: 'log' }],
    ]);
  });

  it('is of one asset and one source: another one sees nothing of it', async () => {
    const { log, repository } = await fresh();
    await put(log, range(0, 50));
    expect((await repository.log('orders', '7301').list()).pieces).toEqual([]);
    expect((await repository.log('other', '7300').list()).pieces).toEqual([]);
  });

  it('puts one object in the place of its pieces, the new one first', async () => {
    const { log, store } = await fresh();
    const parts = [range(0, 10), range(10, 64), range(5, 40), range(64, 80)];
    for (const [i, part] of parts.entries()) {
      await put(log, part, { commits: { count: 1, oldestMs: i, newestMs: i, newestEnd: part.end } });
    }
    const order: string[] = [];
    const [write, remove] = [store.put.bind(store), store.remove.bind(store)];
    store.put = async (...words) => (order.push('put'), write(...words));
    store.remove = async (...words) => (order.push('remove'), remove(...words));
    await log.compact(range(0, 64), (await log.list()).pieces);
    expect(order).toEqual(['put', 'remove', 'remove', 'remove']);
    expect((await log.list()).pieces).toMatchObject([range(0, 64), range(64, 80)]);
    expect(await log.read(range(0, 64))).toEqual(bytesOf(range(0, 64)));
    expect((await log.marks(range(0, 64))).commits?.count).toBe(3);
    await log.compact(range(0, 64), (await log.list()).pieces);
    expect((await log.list()).pieces).toHaveLength(2);
  });

  it('never compacts over a gap, nor pieces that contradict each other', async () => {
    const { log } = await fresh();
    await put(log, range(0, 10));
    await put(log, range(20, 30));
    await expect(log.compact(range(0, 30), (await log.list()).pieces)).rejects.toMatchObject({ code: 'log.gap' });
    await log.append(range(5, 20), Buffer.alloc(15, 255), {});
    await expect(log.compact(range(0, 30), (await log.list()).pieces)).rejects.toMatchObject({ code: 'log.conflict' });
    expect((await log.list()).pieces).toHaveLength(3);
  });

  it('any byte changed, any cut and any swap of names is damage, never other bytes', async () => {
    const { log, store, repository } = await fresh();
    await put(log, range(0, 300), { names: [{ name: 'x', at: 1n, atMs: 1 }] });
    await put(log, range(300, 600));
    const [one, other] = [...store.objects.keys()].filter((name) => name.startsWith('logs/')).toSorted();
    const whole = store.objects.get(one as string) as Buffer;
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const harmed = Buffer.from(whole);
        harmed[at] = (harmed[at] as number) ^ change;
        store.objects.set(one as string, harmed);
        await expect(log.read(range(0, 300))).rejects.toMatchObject({ code: /repository\.(damaged|version)/ });
        store.objects.set(one as string, whole.subarray(0, at));
        await expect(log.read(range(0, 300))).rejects.toMatchObject({ code: 'repository.damaged' });
      }),
      { numRuns: 60 },
    );
    store.objects.set(one as string, store.objects.get(other as string) as Buffer);
    await expect(log.read(range(0, 300))).rejects.toMatchObject({ code: 'repository.damaged' });
    await expect(log.marks(range(0, 300))).rejects.toMatchObject({ code: 'repository.damaged' });
    const { damage } = await repository.verify({ depth: 'everything' });
    expect(damage).toMatchObject([{ object: one, kind: 'log', code: 'repository.damaged', points: [] }]);
  });

  it('read at several places at once gives each its own bytes, and one that is damaged spoils no other', async () => {
    const { log, store } = await fresh();
    const contents = Array.from({ length: 6 }, () => Buffer.concat([randomBytes(2 ** 19), Buffer.alloc(2 ** 19)]));
    const ranges = contents.map((_, index) => range(index * 2 ** 20, (index + 1) * 2 ** 20));
    for (const [index, content] of contents.entries()) await log.append(ranges[index] as LogRange, content, {});
    const harmed = [...store.objects.keys()].filter((name) => name.startsWith('logs/')).toSorted()[1] as string;
    store.objects.set(harmed, Buffer.from((store.objects.get(harmed) as Buffer).toReversed()));
    const read = await Promise.all(ranges.map((one) => log.read(one).catch(({ code }: { code: string }) => code)));
    expect(read[1]).toBe('repository.damaged');
    for (const index of [0, 2, 3, 4, 5]) expect(contents[index]?.equals(read[index] as Buffer)).toBe(true);
  });

  it('verifies whole, knows its own names from foreign ones', async () => {
    const { log, store, repository } = await fresh();
    await put(log, range(0, 300));
    await log.appendHistory(2, 'x');
    expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
    const id = log.id;
    const foreign = [
      `logs/${id}/00000001/x`,
      `logs/${id}/1.history`,
      `logs/${id}/00000001/${'0'.repeat(16)}-${'0'.repeat(16)}`,
    ];
    for (const name of foreign) store.objects.set(name, Buffer.from('x'));
    const { damage } = await repository.verify({ depth: 'everything' });
    expect(damage.map(({ object, kind }) => [object, kind]).toSorted()).toEqual(
      foreign.toSorted().map((name) => [name, 'foreign']),
    );
  });
});
