import { beforeEach, describe, expect, it } from 'vitest';
import type { LogPiece, LogRange, LogWriter } from '../../assets/index.ts';
import { LifeboatError, Secret, systemClock } from '../../core/index.ts';
import type { GetOptions } from '../../stores/index.ts';
import { createRepository } from '../open.ts';
import { MemoryStore } from '../testing/memory-store.ts';

/** A store in which something happens between a look and the read that comes of it. */
class BusyStore extends MemoryStore {
  beforeGet: (name: string) => Promise<void> = async () => {};

  override async get(name: string, options?: GetOptions): Promise<Buffer> {
    await this.beforeGet(name);
    return super.get(name, options);
  }
}

const range = (start: number, end: number): LogRange => ({ timeline: 1, start: BigInt(start), end: BigInt(end) });
const bytesOf = ({ start, end }: LogRange): Buffer =>
  Buffer.from(Array.from({ length: Number(end - start) }, (_, i) => (Number(start) + i) % 251));

describe('a piece of log that went between the look at the store and its read', () => {
  let store: BusyStore;
  let log: LogWriter;
  const put = (at: LogRange): Promise<void> => log.append(at, bytesOf(at), { completeToMs: Number(at.end) });
  const pieces = async (): Promise<readonly LogPiece[]> => (await log.list()).pieces;
  const calls = (operation: string): number => store.calls.filter((call) => call.operation === operation).length;

  beforeEach(async () => {
    store = new BusyStore();
    const recipients = { passphrase: new Secret('a passphrase of tests'), age: [] };
    const derivation = { memoryKiB: 64, passes: 1, lanes: 1 };
    log = (await createRepository(store, recipients, systemClock, { derivation })).log('orders', '7300');
    for (let at = 0; at < 100; at += 20) await put(range(at, at + 20));
  });

  it('is read from the whole segment that came in its place', async () => {
    const listed = await pieces();
    await log.compact(range(0, 100), listed);
    for (const piece of listed) expect(await log.read(piece)).toEqual(bytesOf(piece));
  });

  it('all of a segment’s cost one more look, and one read of the whole', async () => {
    const listed = await pieces();
    await log.compact(range(0, 100), listed);
    const [looks, reads] = [calls('list'), calls('get')];
    for (const piece of listed) await log.read(piece);
    expect(calls('list') - looks).toBe(1);
    expect(calls('get') - reads).toBe(1 + 1);
  });

  it('whoever gets the bytes may change them and give their memory back', async () => {
    const listed = await pieces();
    await log.compact(range(0, 100), listed);
    (await log.read(listed[0] as LogPiece)).fill(255);
    expect(await log.read(listed[0] as LogPiece)).toEqual(bytesOf(range(0, 20)));
    expect(await log.read(range(0, 100))).toEqual(bytesOf(range(0, 100)));
  });

  it('is read though what came in its place is replaced as well before that can be read', async () => {
    const listed = await pieces();
    const steps = [
      () => log.compact(range(0, 60), listed),
      async () => log.compact(range(0, 80), await pieces()),
      async () => log.compact(range(0, 100), await pieces()),
    ];
    store.beforeGet = async () => {
      const next = steps.shift();
      // What the replacing itself reads is not interrupted.
      const { beforeGet } = store;
      store.beforeGet = async () => {};
      await next?.();
      store.beforeGet = beforeGet;
    };
    expect(await log.read(listed[1] as LogPiece)).toEqual(bytesOf(range(20, 40)));
    expect(steps).toEqual([]);
    expect((await pieces()).map(({ start, end }) => [start, end])).toEqual([[0n, 100n]]);
  });

  it('is read from several that have it together', async () => {
    await put(range(200, 300));
    const [whole] = (await pieces()).slice(-1);
    for (let at = 190; at < 310; at += 30) await put(range(at, at + 30));
    await log.remove([whole as LogPiece]);
    expect(await log.read(whole as LogPiece)).toEqual(bytesOf(range(200, 300)));
  });

  it('is an error that names it where the others do not have all of it, and never less than was asked for', async () => {
    const listed = await pieces();
    await log.compact(range(0, 60), listed.slice(0, 3));
    await log.remove(listed.slice(3, 4));
    const gone = await log.read(listed[3] as LogPiece).catch((error: unknown) => error);
    expect(gone).toMatchObject({
      code: 'repository.incomplete',
      where: expect.stringMatching(/0{14}3c-0{14}50$/) as string,
    });
    await put(range(65, 80));
    await expect(log.read(listed[3] as LogPiece)).rejects.toMatchObject({ code: 'repository.incomplete' });
    await put(range(60, 66));
    expect(await log.read(listed[3] as LogPiece)).toEqual(bytesOf(range(60, 80)));
  });

  it('one that the store lists and does not have is an error, after a bounded number of looks', async () => {
    const listed = await pieces();
    store.beforeGet = async (name) => {
      if (name.endsWith('0014-0000000000000028')) {
        throw new LifeboatError('store.missing', 'not there');
      }
    };
    await expect(log.read(listed[1] as LogPiece)).rejects.toMatchObject({ code: 'repository.incomplete' });
    expect(calls('list')).toBeLessThan(12);
  });

  it('has no marks of its own any more: those of the whole are true of another end, so that who asked looks again', async () => {
    const listed = await pieces();
    await log.compact(range(0, 100), listed);
    await expect(log.marks(listed[1] as LogPiece)).rejects.toMatchObject({ code: 'repository.incomplete' });
    expect(await log.marks((await pieces())[0] as LogPiece)).toMatchObject({ completeToMs: 100 });
  });
});
