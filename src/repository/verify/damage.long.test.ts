import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { isLifeboatError } from '../../core/index.ts';
import { backup, file, makeRepository, readAll, reopen, writeOptions } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

/** Small objects at every byte, large ones at this many. */
const offsetsMax = 4000;

test('every byte of every kind of object, flipped, is seen by verify and never restores wrong bytes', async () => {
  const whole = new MemoryStore();
  const repository = await makeRepository(whole);
  const content = randomBytes(60_000);
  const point = await backup(repository, [file('noise', content), file('text', Buffer.from('abc'.repeat(9000)))]);
  await repository.write({ ...writeOptions, host: 'elsewhere' });
  const unseen: string[] = [];
  let flips = 0;
  for (const [name, bytes] of whole.objects) {
    const step = Math.max(1, bytes.length / offsetsMax);
    for (let at = 0; at < bytes.length; at += step) {
      const offset = Math.floor(at);
      const store = whole.twin();
      const changed = store.objects.get(name) as Buffer;
      changed[offset] = (changed[offset] as number) ^ (1 << (offset % 8));
      flips += 1;
      if (!(await isSeen(store, name))) unseen.push(`${name} at ${offset}`);
      if (offset % 7 === 0) await mustRestoreRight(store, content, point);
    }
  }
  expect(unseen).toEqual([]);
  expect(flips).toBeGreaterThan(5000);
  console.info(`${flips} flips of ${whole.objects.size} objects: each was seen, 0 restores of wrong bytes`);
});

async function isSeen(store: MemoryStore, name: string): Promise<boolean> {
  try {
    const { damage } = await (await reopen(store)).verify({ depth: 'everything' });
    return damage.some(({ object }) => object === name);
  } catch (error) {
    if (isLifeboatError(error)) return true;
    throw error;
  }
}

async function mustRestoreRight(
  store: MemoryStore,
  content: Buffer,
  point: Parameters<typeof readAll>[1],
): Promise<void> {
  try {
    expect((await readAll(await reopen(store), point)).get('noise')?.equals(content)).toBe(true);
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
  }
}
