import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaptureFacts, Entry } from '../../assets/index.ts';
import { Secret, systemClock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { createRepository, openRepository, type CreateOptions } from '../open.ts';
import type { Point, Repository } from '../repository.ts';

/** The cheapest that Argon2 allows: tests ask whether it works, not how long a guess takes. */
export const cheap: CreateOptions = { derivation: { memoryKiB: 64, passes: 1, lanes: 1 } };
export const passphrase = new Secret('correct horse battery staple');

export const makeRepository = (store: Store): Promise<Repository> =>
  createRepository(store, { passphrase, age: [] }, systemClock, cheap);

export const reopen = (store: Store): Promise<Repository> => openRepository(store, { passphrase }, systemClock);

export const facts = (over: Partial<CaptureFacts> = {}): CaptureFacts => ({
  atMs: systemClock.now(),
  kind: 'tree',
  source: { id: 'test', description: 'a test' },
  facts: { answer: 42 },
  warnings: [],
  ...over,
});

export const writeOptions = { asset: 'uploads', assetType: 'files', clock: systemClock, host: 'here' };

/** One backup of these entries, from intent to point; abandons on an error. */
export async function backup(repository: Repository, entries: Iterable<Entry> | AsyncIterable<Entry>): Promise<Point> {
  const writer = await repository.write(writeOptions);
  try {
    for await (const entry of entries) await writer.add(entry);
    return await writer.commit(facts(), { planHash: 'hash', tool: 'test' });
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

export const folder = (path: string, mode = 0o755): Entry => ({
  path,
  type: 'folder',
  mode,
  modifiedNs: 1_700_000_000_000_000_000n,
});

/** A file whose bytes come as a stream, in slices of this size. */
export function file(path: string, bytes: Buffer, over: Partial<Entry> = {}, slice = 64 * 2 ** 10): Entry {
  const read = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += slice) yield bytes.subarray(at, at + slice);
  };
  return {
    path,
    type: 'file',
    mode: 0o640,
    modifiedNs: 1_700_000_001_123_456_000n,
    content: { kind: 'stream', read },
    ...over,
  };
}

/** The entries of a folder on disk, read by path. */
export async function* entriesOf(root: string, below = ''): AsyncGenerator<Entry> {
  const path = join(root, below);
  const stat = await lstat(path, { bigint: true });
  const header = {
    path: below,
    mode: Number(stat.mode & 0o7777n),
    modifiedNs: stat.mtimeNs,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
  if (stat.isSymbolicLink()) yield { ...header, type: 'symlink', target: await readlink(path) };
  else if (stat.isFile()) yield { ...header, type: 'file', content: { kind: 'file', path } };
  else {
    yield { ...header, type: 'folder' };
    for (const name of (await readdir(path)).sort()) yield* entriesOf(root, below === '' ? name : `${below}/${name}`);
  }
}

/** Everything below a folder that a restore must bring back, to be compared. */
export async function picture(root: string): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for await (const entry of entriesOf(root)) {
    const micros = entry.modifiedNs / 1000n;
    const content = entry.type === 'file' ? (await readFile(join(root, entry.path))).toString('base64') : undefined;
    seen[entry.path] = {
      type: entry.type,
      mode: entry.mode,
      micros,
      uid: entry.uid,
      gid: entry.gid,
      target: entry.target,
      content,
    };
  }
  return seen;
}

/** A folder that is gone when the work is done. */
export async function withFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'lifeboat-repository-'));
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** The files of a point, read one by one. */
export async function readAll(repository: Repository, point: Point): Promise<Map<string, Buffer>> {
  const contents = await repository.contents(point);
  const files = new Map<string, Buffer>();
  for await (const entry of contents.entries()) {
    if (entry.type !== 'file') continue;
    const parts: Uint8Array[] = [];
    for await (const part of contents.read(entry.path)) parts.push(part);
    files.set(entry.path, Buffer.concat(parts));
  }
  return files;
}
