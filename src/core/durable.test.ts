import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFileDurably } from './durable.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-durable-'))));
afterEach(() => rm(folder, { recursive: true }));

it('a durable file is written with its folders, its mode and nothing beside it', async () => {
  const path = join(folder, 'a/b/file');
  await writeFileDurably(path, 'first', 0o600);
  await writeFileDurably(path, new Uint8Array([50]), 0o600);
  expect(await readFile(path, 'utf8')).toBe('2');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'a/b'))).toEqual(['file']);
});

it('readers see the old content or the new, while many write', async () => {
  const path = join(folder, 'file');
  const contents = Array.from({ length: 8 }, (_, n) => String(n).repeat(50_000));
  await writeFileDurably(path, contents[0] ?? '');
  const writing = Promise.all(contents.map((content) => writeFileDurably(path, content)));
  for (let read = 0; read < 20; read += 1) expect(contents).toContain(await readFile(path, 'utf8'));
  await writing;
  expect(await readdir(folder)).toEqual(['file']);
});

it('a write that fails leaves the old content and no leftovers', async () => {
  await mkdir(join(folder, 'taken'));
  await expect(writeFileDurably(join(folder, 'taken'), 'x')).rejects.toThrow('EISDIR');
  expect(await readdir(folder)).toEqual(['taken']);
});
