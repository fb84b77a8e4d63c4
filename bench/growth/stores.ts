import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Secret, systemClock } from '../../src/core/index.ts';
import { createRepository, type Repository } from '../../src/repository/index.ts';
import { MemoryStore } from '../../src/repository/testing/memory-store.ts';
import { openFsStore } from '../../src/stores/fs/index.ts';
import type { Store } from '../../src/stores/index.ts';

const secret = 'a passphrase for the bench';

const plan = `
lifeboat: 1
plan: growth
domains: { here: {}, safe: {} }
keys: { main: { passphrase: { file: ./passphrase }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: here } }
assets: { data: { type: files, path: ./data, domain: here } }
`;

/** What a store is made of: so many points of so many files, one of which changes from point to point. */
export interface Shape {
  readonly points: number;
  readonly files: number;
  readonly fileBytes: number;
}

/** A plan, a folder to back up, and a store with points, every second of which was given up: made by the writer that backups use. */
export async function makeStore(folder: string, shape: Shape, signal: AbortSignal): Promise<void> {
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'lifeboat.yaml'), plan);
  await writeFile(join(folder, 'passphrase'), secret, { mode: 0o600 });
  for (let file = 0; file < 8; file += 1) await writeFile(join(folder, 'data', `f${file}`), randomBytes(4_000));
  // In memory where it fits: ten thousand synced points take an hour to make.
  const inMemory = shape.points * shape.fileBytes < 2 ** 28;
  const store = inMemory ? new MemoryStore() : await openFsStore(join(folder, 'store'), true);
  await makePoints(store, shape, signal);
  if (store instanceof MemoryStore) await writeDown(store, join(folder, 'store'));
}

async function makePoints(store: Store, shape: Shape, signal: AbortSignal): Promise<void> {
  const repository = await createRepository(store, { passphrase: new Secret(secret), age: [] }, systemClock);
  const contents = Array.from({ length: shape.files }, () => newContent());
  const made: string[] = [];
  for (let point = 0; point < shape.points; point += 1) {
    signal.throwIfAborted();
    contents[point % shape.files] = newContent();
    made.push(await makePoint(repository, contents, shape.fileBytes));
    if (store instanceof MemoryStore) store.calls.length = 0;
  }
  for (const [i, id] of made.entries()) if (i % 2 === 0) await repository.forget(id);
  await repository.close();
}

/** A key of which a file is the stream. */
const newContent = (): Buffer => randomBytes(16);

async function makePoint(repository: Repository, contents: readonly Buffer[], fileBytes: number): Promise<string> {
  const writer = await repository.write({ asset: 'data', assetType: 'files', clock: systemClock, host: 'bench' });
  for (const [i, key] of contents.entries()) {
    const read = async function* (): AsyncGenerator<Uint8Array> {
      const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
      for (let at = 0; at < fileBytes; at += sliceBytes)
        yield stream.update(Buffer.alloc(Math.min(sliceBytes, fileBytes - at)));
    };
    const path = `f${String(i).padStart(4, '0')}`;
    await writer.add({ path, type: 'file', mode: 0o600, modifiedNs: 0n, content: { kind: 'stream', read } });
  }
  const atMs = systemClock.now();
  const source = { id: 'bench', description: 'files of the bench' };
  const facts = { atMs, kind: 'tree', source, facts: {}, warnings: [] };
  return (await writer.commit(facts, { planHash: '', tool: 'bench' })).id;
}

const sliceBytes = 2 ** 20;

async function writeDown(store: MemoryStore, path: string): Promise<void> {
  const folders = new Set([...store.objects.keys()].map((name) => dirname(join(path, name))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  for (const [name, bytes] of store.objects) await writeFile(join(path, name), bytes);
}
