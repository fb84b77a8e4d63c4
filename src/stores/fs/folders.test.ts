import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Folders } from './folders.ts';
import { openRoot } from './root.ts';

it('a folder that many sync at once tells each of them when it cannot be, and is synced again when it can', async () => {
  const path = await mkdtemp(join(tmpdir(), 'lifeboat-folders-'));
  try {
    const folders = new Folders(await openRoot(join(path, 'store'), true));
    const below = join(path, 'store', 'packs');
    const all = await Promise.allSettled([1, 2, 3].map(() => folders.sync(below)));
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await mkdir(below);
    await Promise.all([1, 2, 3].map(() => folders.sync(below)));
    // Who asks while one is under way waits for the next, and who asks with him for the same.
    const [first, second, third] = [folders.sync(below), folders.sync(below), folders.sync(below)];
    expect([first === second, second === third]).toEqual([false, true]);
    await Promise.all([first, second, third]);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
});
