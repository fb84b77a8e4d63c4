import { describe, expect, it } from 'vitest';
import type { LogRange } from '../../assets/index.ts';
import { makeRepository, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const range = (start: number): LogRange => ({ timeline: 1, start: BigInt(start), end: BigInt(start + 100) });

/** Two logs, and one object of the first that is not as it was written. */
async function damagedStore(): Promise<{ store: MemoryStore; harmed: string; logs: [string, string] }> {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  const [orders, stock] = [repository.log('orders', '7300'), repository.log('stock', '7301')];
  for (const start of [0, 100, 200]) await orders.append(range(start), Buffer.alloc(100, start), {});
  await stock.append(range(0), Buffer.alloc(100), {});
  const harmed = [...store.objects.keys()]
    .filter((name) => name.startsWith(`logs/${orders.id}/`))
    .toSorted()[1] as string;
  const bytes = Buffer.from(store.objects.get(harmed) as Buffer);
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 40) ^ 1, bytes.length - 40);
  store.objects.set(harmed, bytes);
  return { store, harmed, logs: [orders.id, stock.id] };
}

describe('a verification of the points', () => {
  it('reads their log too, every byte, and names what is damaged', async () => {
    const { store, harmed, logs } = await damagedStore();
    const repository = await reopen(store);
    const found = [{ object: harmed, kind: 'log', code: 'repository.damaged', points: [] }];
    expect((await repository.verify({ depth: 'points' })).damage).toMatchObject(found);
    expect((await repository.verify({ depth: 'everything' })).damage).toMatchObject(found);
    expect((await repository.verify({ depth: 'points', logs: new Set([logs[0]]) })).damage).toMatchObject(found);
    expect((await repository.verify({ depth: 'points', logs: new Set([logs[1]]) })).damage).toEqual([]);
    expect((await repository.verify({ depth: 'structure' })).damage).toEqual([]);
  });

  it('of a part lets its objects be chosen as packs are, and says of each whether it was whole', async () => {
    const { store, harmed } = await damagedStore();
    const repository = await reopen(store);
    const offered: string[] = [];
    const read = new Map<string, boolean>();
    const choose = (some: (id: string) => boolean) => (packs: readonly { readonly id: string }[]) => {
      offered.push(...packs.map(({ id }) => id));
      return new Set(packs.map(({ id }) => id).filter(some));
    };
    const onPack = ({ id, sound }: { readonly id: string; readonly sound: boolean }): void => void read.set(id, sound);
    const rest = await repository.verify({ depth: 'points', choose: choose((id) => id !== harmed), onPack });
    expect([rest.damage, offered.length, read.size]).toEqual([[], 4, 3]);
    const one = await repository.verify({ depth: 'points', choose: choose((id) => id === harmed), onPack });
    expect(one.damage).toMatchObject([{ object: harmed }]);
    expect(read.get(harmed)).toBe(false);
  });
});
