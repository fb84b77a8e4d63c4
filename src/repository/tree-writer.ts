import { lchown, lstat, lutimes, mkdir, open, readdir, symlink, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import type { StoredEntry, WriteTreeOptions } from '../assets/index.ts';
import { LifeboatError, limits, messageOf, systemCodeOf, type Progress } from '../core/index.ts';
import { damaged } from './damage.ts';
import type { ListedEntry } from './entry-list.ts';
import { OpenFiles, type TargetFile } from './open-files.ts';
import type { Consumer, PackReader } from './pack-reader.ts';
import { locatePiece } from './pieces.ts';
import { poolFor, type OpenTarget } from './pool/index.ts';
import { forEachOf } from './tasks.ts';
import { targetOf } from './tree-path.ts';

export interface TreeParts extends WriteTreeOptions {
  readonly reader: PackReader;
  readonly progress: Progress;
  /** The point's object, for errors. */
  readonly object: string;
}

interface Placed {
  readonly path: string;
  readonly entry: StoredEntry;
}

interface Destination {
  readonly file: TargetFile;
  readonly offset: number;
}

const finishedAtOnce = 16;

/** Writes the entries of a point below a folder: contents pack by pack, then owners, modes and times, then one sync. */
export class TreeWriter {
  readonly #root: string;
  readonly #parts: TreeParts;
  readonly #open = new OpenFiles();
  readonly #taken = new Map<string, StoredEntry['type']>([['', 'folder']]);
  /** By place, a folder before what it holds; without an entry it was only made because something stands in it. */
  readonly #folders = new Map<string, StoredEntry | undefined>([['', undefined]]);
  readonly #files: (TargetFile & Placed)[] = [];
  readonly #links: Placed[] = [];
  /** Chunks that are due, by pack and ordinal, and where their bytes belong. */
  #due = new Map<number, Map<number, Destination[]>>();
  #duePieces = 0;
  #dueBytes = 0;
  #bytes = 0;

  constructor(root: string, parts: TreeParts) {
    this.#root = root;
    this.#parts = parts;
  }

  async write(listed: AsyncIterable<ListedEntry>): Promise<{ files: number; bytes: number }> {
    await requireEmptyFolder(this.#root);
    try {
      for await (const one of listed) await this.#take(one);
      await this.#writeDue();
      await this.#open.closeAll();
      // Links come after everything that is written by path, so that nothing can be written through one.
      await forEachOf(this.#links, finishedAtOnce, (link) => this.#makeLink(link));
      await forEachOf(this.#files, finishedAtOnce, (file) => this.#finishFile(file));
      await this.#finishFolders();
    } catch (error) {
      await this.#open.closeAll();
      throw restoreError(error, this.#root);
    }
    return { files: this.#files.length, bytes: this.#bytes };
  }

  async #take({ entry, pieces }: ListedEntry): Promise<void> {
    if (this.#parts.signal?.aborted === true)
      throw new LifeboatError('operation.cancelled', 'the restore was stopped on request');
    const place = this.#parts.place === undefined ? entry.path : this.#parts.place(entry);
    if (place === undefined) return;
    const path = targetOf(this.#root, place, this.#parts.object);
    if (place === '' && entry.type !== 'folder') throw damaged(this.#parts.object, 'its root is not a folder');
    await this.#makeParents(place);
    if (entry.type === 'folder') return this.#takeFolder(place, path, entry);
    if (this.#taken.has(place)) throw damaged(this.#parts.object, `it holds ${JSON.stringify(place)} twice`);
    this.#taken.set(place, entry.type);
    if (entry.type === 'symlink') this.#links.push({ path, entry });
    else await this.#takeFile({ path, entry, bytes: entry.bytes, pieces: pieces.length, made: false }, pieces);
  }

  async #makeParents(place: string): Promise<void> {
    for (let end = place.indexOf('/'); end >= 0; end = place.indexOf('/', end + 1)) {
      const parent = place.slice(0, end);
      const type = this.#taken.get(parent);
      if (type === 'folder') continue;
      if (type !== undefined)
        throw damaged(
          this.#parts.object,
          `${JSON.stringify(place)} would be written through the ${type} ${JSON.stringify(parent)}`,
        );
      await this.#makeFolder(parent, targetOf(this.#root, parent, this.#parts.object));
    }
  }

  async #makeFolder(place: string, path: string): Promise<void> {
    await mkdir(path, 0o700);
    this.#taken.set(place, 'folder');
    this.#folders.set(place, undefined);
  }

  async #takeFolder(place: string, path: string, entry: StoredEntry): Promise<void> {
    const type = this.#taken.get(place);
    if (type !== undefined && type !== 'folder')
      throw damaged(this.#parts.object, `it holds ${JSON.stringify(place)} twice`);
    if (type === undefined) await this.#makeFolder(place, path);
    this.#folders.set(place, entry);
  }

  async #takeFile(file: TargetFile & Placed, pieces: ListedEntry['pieces']): Promise<void> {
    this.#files.push(file);
    this.#bytes += file.bytes;
    for (const piece of pieces) {
      const ordinal = await locatePiece(this.#parts.reader, piece, this.#parts.object);
      const { pack, plainBytes } = this.#parts.reader.catalog.table.placeOf(ordinal);
      if (plainBytes !== piece.bytes)
        throw damaged(this.#parts.object, `a piece of ${piece.bytes} bytes names a chunk of ${plainBytes}`);
      const ordinals = this.#due.get(pack) ?? new Map<number, Destination[]>();
      this.#due.set(pack, ordinals);
      const destinations = ordinals.get(ordinal) ?? [];
      ordinals.set(ordinal, destinations);
      destinations.push({ file, offset: piece.offset });
    }
    this.#duePieces += pieces.length;
    this.#dueBytes += file.bytes;
    if (this.#duePieces >= limits.piecesPerBatch) await this.#writeDue();
  }

  async #writeDue(): Promise<void> {
    const due = this.#due;
    this.#due = new Map();
    this.#duePieces = 0;
    const { reader, signal } = this.#parts;
    const failed: { ordinal: number; error: Error; destinations: Destination[] }[] = [];
    const pool = poolFor(this.#dueBytes);
    this.#dueBytes = 0;
    await forEachOf(due, limits.packsReadAtOnce, async ([pack, ordinals]) => {
      const bad = (ordinal: number, error: Error): void =>
        void failed.push({ ordinal, error, destinations: ordinals.get(ordinal) as Destination[] });
      if (pool === undefined) {
        const take = (ordinal: number, plain: Buffer): Promise<void> =>
          this.#writeChunk(plain, ordinals.get(ordinal) as Destination[]);
        await reader.chunks(pack, [...ordinals.keys()], take, bad, { signal });
      } else {
        await reader.consume(pack, [...ordinals.keys()], this.#consumer(ordinals, bad), pool, { signal });
      }
      if (signal?.aborted === true)
        throw new LifeboatError('operation.cancelled', 'the restore was stopped on request');
    });
    for (const { ordinal, error, destinations } of failed) {
      const plain = await reader.elsewhere(reader.catalog.table.idOf(ordinal), ordinal, error, { signal });
      await this.#writeChunk(plain, destinations);
    }
  }

  /** Threads write to the files that are open here. */
  #consumer(ordinals: ReadonlyMap<number, Destination[]>, bad: (ordinal: number, error: Error) => void): Consumer {
    const lent = (ordinal: number): Destination[] => ordinals.get(ordinal) as Destination[];
    return {
      targets: async (ordinal) => {
        const targets: OpenTarget[] = [];
        for (const { file, offset } of lent(ordinal)) {
          targets.push({ file: (await this.#open.borrow(file)).fd, offset });
        }
        return targets;
      },
      done: async (ordinal, error) => {
        for (const { file } of lent(ordinal)) {
          await this.#open.giveBack(file, error === undefined);
        }
        if (error !== undefined) return bad(ordinal, error);
        const { plainBytes } = this.#parts.reader.catalog.table.placeOf(ordinal);
        this.#parts.progress.advance({ bytes: plainBytes * lent(ordinal).length });
      },
    };
  }

  async #writeChunk(plain: Buffer, destinations: readonly Destination[]): Promise<void> {
    for (const { file, offset } of destinations) {
      await this.#open.write(file, plain, offset);
      this.#parts.progress.advance({ bytes: plain.length });
    }
  }

  async #makeLink({ path, entry }: Placed): Promise<void> {
    await symlink(entry.target as string, path);
    const owner = this.#ownerOf(entry);
    if (owner !== undefined) await lchown(path, owner.uid, owner.gid);
    await lutimes(path, seconds(entry), seconds(entry));
  }

  async #finishFile(file: TargetFile & Placed): Promise<void> {
    const handle = await this.#open.reopen(file);
    try {
      await this.#dress(handle, file.entry);
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.#parts.progress.advance({ items: 1 });
  }

  /**
   * Deepest first: setting up what is inside would change the times of the folder around it. Each is opened before it gets a
   * mode that may keep even its owner out, and synced through that handle.
   */
  async #finishFolders(): Promise<void> {
    for (const [place, entry] of [...this.#folders].toReversed()) {
      const path = targetOf(this.#root, place, this.#parts.object);
      const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      try {
        if (entry !== undefined) await this.#dress(handle, entry);
        await syncHandle(handle);
      } finally {
        await handle.close();
      }
    }
  }

  /** Owner first: changing it takes away the bits that make a program run as another. */
  async #dress(handle: FileHandle, entry: StoredEntry): Promise<void> {
    const owner = this.#ownerOf(entry);
    if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
    await handle.chmod(entry.mode);
    await handle.utimes(seconds(entry), seconds(entry));
  }

  /** Only root may give files away; anybody else restores as himself, unless an owner was asked for. */
  #ownerOf(entry: StoredEntry): { uid: number; gid: number } | undefined {
    if (this.#parts.owner !== undefined) return this.#parts.owner;
    if (process.geteuid?.() !== 0 || entry.uid === undefined || entry.gid === undefined) return undefined;
    return { uid: entry.uid, gid: entry.gid };
  }
}

async function requireEmptyFolder(root: string): Promise<void> {
  try {
    const names = await readdir(root);
    if (names.length === 0 && (await lstat(root)).isDirectory()) return;
  } catch (error) {
    throw restoreError(error, root);
  }
  throw new LifeboatError('restore.target_not_empty', `${root} is not an empty folder`, {
    where: root,
    hint: 'Name a target that does not exist yet.',
  });
}

async function syncHandle(folder: FileHandle): Promise<void> {
  try {
    await folder.sync();
  } catch (error) {
    // Some file systems (FUSE, some network mounts) cannot sync a folder; there the names are as durable as they get.
    if (systemCodeOf(error) !== 'EINVAL') throw error;
  }
}

/** The system's times are doubles of seconds: half a microsecond more lets them round down to the right one. */
const seconds = (entry: StoredEntry): number => (Number(entry.modifiedNs / 1000n) + 0.5) / 1e6;

function restoreError(error: unknown, root: string): unknown {
  const code = systemCodeOf(error);
  if (error instanceof LifeboatError || code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new LifeboatError('restore.no_room', `${root} has too little free space`, {
      where: root,
      hint: 'Free some, or name another target.',
      cause: error,
    });
  }
  return new LifeboatError('restore.target_unusable', `${root} cannot be written: ${messageOf(error)}`, {
    where: root,
    cause: error,
  });
}
