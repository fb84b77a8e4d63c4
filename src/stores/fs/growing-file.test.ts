import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GrowingFile } from './growing-file.ts';

it('a file that is closed while an addition is under way is closed behind it: before, its number could become that of another file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-growing-file-'));
  try {
    const path = join(folder, 'piece');
    await writeFile(path, 'head');
    const bytes = Buffer.alloc(32 * 2 ** 20, 'more');
    const growing = await GrowingFile.of(path, path, 4, 4 + bytes.length);
    const ended: string[] = [];
    await Promise.all([
      growing.add([bytes]).then(() => ended.push('added')),
      growing.close().then(() => ended.push('closed')),
    ]);
    expect(ended).toEqual(['added', 'closed']);
    expect((await readFile(path)).subarray(4).equals(bytes)).toBe(true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
