import { chmod, link, lstat, lutimes, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { silentProgress, systemPath } from '../../core/index.ts';
import type { Asset, CaptureFacts } from '../asset.ts';
import type { Content, PointContents, StoredEntry, WriteTreeOptions, WrittenTree } from '../entry.ts';

export interface Captured {
  readonly facts: CaptureFacts;
  readonly point: MemoryPoint;
}

/** Captures an asset to its end, reading each content when its entry comes, as an engine with a store would. */
export async function captureAll(asset: Asset, scratch: string): Promise<Captured> {
  const capture = asset.capture({ readSoFar: async () => {}, scratch, progress: silentProgress });
  const entries: StoredEntry[] = [];
  const contents = new Map<string, Buffer>();
  try {
    for (;;) {
      const next = await capture.next();
      if (next.done) return { facts: next.value, point: new MemoryPoint(next.value.facts, entries, contents) };
      const { content, chunking: _, ...header } = next.value;
      const bytes = content === undefined ? Buffer.alloc(0) : await readContent(content);
      entries.push({ ...header, bytes: bytes.length });
      contents.set(header.path, bytes);
    }
  } finally {
    // Content that cannot be read ends a capture from outside, as an engine does.
    await capture.return(undefined as never);
  }
}

async function readContent(content: Content): Promise<Buffer> {
  if (content.kind === 'file') {
    const bytes = await readFile(systemPath(content.path));
    return content.bytes === undefined ? bytes : bytes.subarray(0, content.bytes);
  }
  const parts: Uint8Array[] = [];
  for await (const part of content.read()) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

/** A recovery point in memory, for tests of assets alone. */
export class MemoryPoint implements PointContents {
  readonly facts: Record<string, unknown>;
  readonly #entries: readonly StoredEntry[];
  readonly #contents: ReadonlyMap<string, Buffer>;

  constructor(facts: Record<string, unknown>, entries: readonly StoredEntry[], contents: ReadonlyMap<string, Buffer>) {
    this.facts = facts;
    this.#entries = entries;
    this.#contents = contents;
  }

  async *entries(): AsyncIterable<StoredEntry> {
    yield* this.#entries;
  }

  async *read(path: string): AsyncIterable<Uint8Array> {
    const content = this.#contents.get(path);
    if (content === undefined) throw new Error(`the point holds no file ${path}`);
    yield content;
  }

  async writeTree(root: string, options: WriteTreeOptions = {}): Promise<WrittenTree> {
    let [files, bytes] = [0, 0];
    const placed: { entry: StoredEntry; path: string }[] = [];
    for (const entry of this.#entries) {
      options.signal?.throwIfAborted();
      const place = options.place === undefined ? entry.path : options.place(entry);
      if (place === undefined) continue;
      if (entry.type === 'fifo' || entry.type === 'device') continue;
      const path = join(root, place);
      await this.#write(entry, path, root);
      placed.push({ entry, path });
      if (entry.type !== 'file') continue;
      files += 1;
      bytes += entry.bytes;
    }
    // Children first: writing into a folder changes its time, and its mode may forbid it.
    for (const { entry, path } of placed.toReversed()) await dress(entry, path);
    return { files, bytes, warnings: [] };
  }

  async #write(entry: StoredEntry, path: string, root: string): Promise<void> {
    await mkdir(entry.type === 'folder' ? path : dirname(path), { recursive: true });
    if (entry.type === 'hardlink') await link(join(root, entry.target ?? ''), path);
    if (entry.type === 'symlink') await symlink(entry.target ?? '', path);
    if (entry.type === 'file') await writeFile(path, this.#contents.get(entry.path) ?? '');
  }
}

async function dress(entry: StoredEntry, path: string): Promise<void> {
  if (entry.type !== 'symlink') await chmod(path, entry.mode);
  await setTime(path, entry.modifiedNs);
}

/** To the microsecond: Node's times are numbers of seconds, which are no finer. */
async function setTime(path: string, ns: bigint): Promise<void> {
  const seconds = (Number(ns / 1000n) + 0.5) / 1e6;
  if ((await lstat(path)).isSymbolicLink()) return lutimes(path, seconds, seconds);
  const file = await open(path, 'r');
  try {
    await file.utimes(seconds, seconds);
  } finally {
    await file.close();
  }
}
