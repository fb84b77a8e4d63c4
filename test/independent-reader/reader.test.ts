import { randomBytes } from 'node:crypto';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRepository } from '../../src/repository/index.ts';
import { Secret, systemClock } from '../../src/core/index.ts';
import { MemoryStore } from '../../src/repository/testing/memory-store.ts';
import { backupTree, treeAsset } from '../../src/repository/testing/trees.ts';
// @ts-expect-error plain JavaScript on purpose: it shares nothing with the product, not even types
import { folderStore, readTrailer, restorePoint } from './reader.mjs';

let base: string;
beforeEach(async () => void (base = await mkdtemp(join(tmpdir(), 'lifeboat-reader-'))));
afterEach(() => rm(base, { recursive: true, force: true }));

test('a reader written from FORMAT.md alone restores a point, byte for byte', async () => {
  const source = join(base, 'source');
  await mkdir(join(source, 'deep/er'), { recursive: true });
  await writeFile(join(source, 'deep/er/random'), randomBytes(6_000_000));
  await writeFile(join(source, 'deep/text'), 'words and words\n'.repeat(100_000));
  await writeFile(join(source, 'deep/hole'), Buffer.concat([Buffer.alloc(9_000_000), randomBytes(10)]));
  await writeFile(join(source, 'empty'), '');
  await writeFile(join(source, 'ünïcode ☂'), 'x');
  await chmod(join(source, 'empty'), 0o600);
  await symlink('deep/text', join(source, 'link'));
  await link(join(source, 'deep/text'), join(source, 'deep/text too'));
  await writeFile(Buffer.concat([Buffer.from(`${source}/caf`), Buffer.of(0xe9)]), 'a name in latin1');
  for (let i = 0; i < 300; i += 1) await writeFile(join(source, `small ${i}`), `${i} `.repeat(i * 3));
  const store = new MemoryStore();
  const secret = 'pässword of the tests';
  // The default key derivation, so that the document's own parameters are tried once.
  const repository = await createRepository(store, { passphrase: new Secret(secret), age: [] }, systemClock);
  const point = await backupTree(repository, treeAsset(source));
  for (const [name, bytes] of store.objects) {
    await mkdir(dirname(join(base, 'store', name)), { recursive: true });
    await writeFile(join(base, 'store', name), bytes);
  }
  const disk = folderStore(join(base, 'store'));
  expect(restorePoint(disk, secret, point.id, join(base, 'target'))).toMatchObject({
    asset: 'uploads',
    bytes: point.bytes,
  });
  expect(await contentsOf(join(base, 'target'))).toEqual(await contentsOf(source));
  const [pack] = [...store.objects.keys()].filter((name) => name.startsWith('packs/'));
  expect(readTrailer(disk, secret, pack).length).toBeGreaterThan(3);
  expect(() => restorePoint(disk, 'wrong', point.id, join(base, 'other'))).toThrow(/authenticate/);
});

/** Every path below a folder, a character for each byte, with the bytes of a file and the target of a link. */
async function contentsOf(root: string, below = ''): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await readdir(Buffer.from(root + below, 'latin1'), { encoding: 'latin1' })) {
    const path = Buffer.from(`${root}${below}/${name}`, 'latin1');
    const stats = await lstat(path);
    const other = stats.nlink > 1 && stats.isFile() ? `${stats.nlink} names, ` : '';
    if (stats.isSymbolicLink()) found.set(`${below}/${name}`, `link to ${await readlink(path)}`);
    else if (stats.isFile()) found.set(`${below}/${name}`, other + (await readFile(path)).toString('base64'));
    else for (const one of await contentsOf(root, `${below}/${name}`)) found.set(...one);
  }
  return found;
}
