import { closeSync, constants, ftruncateSync, mkdirSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import type { RewriteTreeOptions, RewrittenTree, StoredEntry } from '../../assets/index.ts';
import { LifeboatError, systemPath, type Progress } from '../../core/index.ts';
import type { ListedEntry } from '../format/entry-list.ts';
import type { PackReader } from '../read/pack-reader.ts';
import { Dresser } from './dress.ts';
import { DueChunks } from './due-chunks.ts';
import type { KnownTree, Stretch } from './known-tree.ts';
import { OpenFiles, type TargetFile } from './open-files.ts';
import { standingBelow, type Standing } from './standing.ts';
import { SyncedRoot } from './synced-root.ts';
import { restoreError } from './tree-writer.ts';
import { targetOf } from './tree-path.ts';

export interface RewriteParts extends RewriteTreeOptions {
  readonly reader: PackReader;
  readonly progress: Progress;
  readonly object: string;
  readonly known: KnownTree;
}

/** Between two looks at whatever else the process has to do. */
const entriesAtOnce = 128;
const zeros = Buffer.alloc(2 ** 20);

/**
 * Makes a tree that stands there the one of a point: first goes what is not in it, then what differs is written, piece by piece. No path
 * leads through a link that was not to be followed, and a file with further names is made anew, so that nothing outside changes.
 */
export class TreeRewriter {
  readonly #root: string;
  readonly #parts: RewriteParts;
  readonly #dresser: Dresser;
  readonly #open: OpenFiles;
  readonly #due: DueChunks;
  readonly #folders: [string, StoredEntry][] = [];
  #standing = new Map<string, Standing>();
  #count = { files: 0, bytes: 0, filesWritten: 0, bytesWritten: 0, removed: 0 };
  #entries = 0;

  constructor(root: string, parts: RewriteParts) {
    this.#root = root;
    this.#parts = parts;
    this.#dresser = new Dresser(parts.owner, root);
    this.#open = new OpenFiles((target, file) => this.#finishFile(target, file));
    this.#due = new DueChunks(parts, this.#open);
  }

  async rewrite(listed: () => AsyncIterable<ListedEntry>): Promise<RewrittenTree> {
    const { follow = () => false } = this.#parts;
    this.#standing = standingBelow(this.#root, follow);
    const links = [...this.#standing.values()].flatMap(({ leadsTo }) => leadsTo ?? []);
    const synced = [this.#root, ...links].map((path) => new SyncedRoot(path));
    try {
      await this.#removeOthers(listed());
      for await (const one of listed()) await this.#take(one);
      await this.#due.write();
      for (const [place, entry] of this.#folders.toReversed()) this.#dresser.path(this.#pathOf(place), entry);
      for (const one of synced) await one.sync();
    } catch (error) {
      throw restoreError(error, this.#root);
    } finally {
      this.#open.closeAll();
      for (const one of synced) one.close();
    }
    return { ...this.#count, warnings: this.#dresser.warnings() };
  }

  /** What the point does not have, or has as something else. Goes first: it may need the room. */
  async #removeOthers(listed: AsyncIterable<ListedEntry>): Promise<void> {
    const wanted = new Map<string, string>([['', 'folder']]);
    for await (const { entry } of listed) {
      await this.#pause();
      const place = this.#placeOf(entry);
      if (place === undefined) continue;
      wanted.set(place, entry.type);
      // An entry may come without the folders above it.
      for (let end = place.lastIndexOf('/'); end > 0; end = place.lastIndexOf('/', end - 1))
        if (!wanted.has(place.slice(0, end))) wanted.set(place.slice(0, end), 'folder');
    }
    for (const [path, standing] of [...this.#standing].toReversed()) {
      if (wanted.get(path) === standing.type || this.#keeps(path)) continue;
      // Other things than files and folders are made anew: that is simpler than to compare them.
      rmSync(systemPath(this.#pathOf(path)), { recursive: standing.type === 'folder' });
      this.#standing.delete(path);
      this.#count.removed += 1;
    }
  }

  #keeps(path: string): boolean {
    const { keep = () => false } = this.#parts;
    if (keep(path)) return true;
    return this.#standing.get(path)?.type === 'folder' && this.#holdsKept(`${path}/`, keep);
  }

  #holdsKept = (start: string, keep: (path: string) => boolean): boolean =>
    [...this.#standing.keys()].some((path) => path.startsWith(start) && keep(path));

  async #take({ entry, pieces }: ListedEntry): Promise<void> {
    await this.#pause();
    const place = this.#placeOf(entry);
    if (place === undefined) return;
    const path = this.#pathOf(place);
    if (entry.type === 'folder') {
      if (place !== '' && !this.#standing.has(place)) mkdirSync(systemPath(path), { mode: 0o700, recursive: true });
      this.#folders.push([place, entry]);
    } else if (entry.type === 'symlink') {
      symlinkSync(systemPath(entry.target as string), systemPath(path));
      this.#dresser.path(path, entry);
    } else if (entry.type === 'file') {
      this.#count.files += 1;
      this.#count.bytes += entry.bytes;
      await this.#takeFile(place, path, { entry, pieces });
    } else {
      throw new LifeboatError(
        'asset.unsupported',
        `${entry.path} is a ${entry.type}, which is not rewritten in place`,
        {
          hint: 'Restore beside instead, and exchange the two.',
        },
      );
    }
  }

  async #takeFile(place: string, path: string, { entry: given, pieces }: ListedEntry): Promise<void> {
    // Zeros are written: something else may stand where they belong.
    const { sparse: _, ...entry } = given;
    const standing = this.#standing.get(place);
    const isSame = standing?.names === 1 && this.#parts.known.has(place, standing);
    if (!isSame) {
      if (standing !== undefined) rmSync(systemPath(path));
      return this.#write({ path, entry, pieces: pieces.length, made: false }, pieces);
    }
    const lacking = this.#parts.known.lacking(place, pieces);
    const hollow = this.#parts.known.hollow(place, entry, pieces);
    this.#parts.progress.advance({
      bytes: entry.bytes - lacking.reduce((sum, { bytes }) => sum + bytes, 0),
    });
    const isWhole = lacking.length === 0 && hollow.length === 0 && standing.bytes === entry.bytes;
    this.#prepare(path, entry, { standing, hollow, isWhole, isLast: lacking.length === 0 });
    if (lacking.length > 0) await this.#write({ path, entry, pieces: lacking.length, made: true }, lacking);
  }

  /** The right size, and zeros where they belong; dressed too if nothing else is to come. */
  #prepare(
    path: string,
    entry: StoredEntry,
    now: { standing: Standing; hollow: readonly Stretch[]; isWhole: boolean; isLast: boolean },
  ): void {
    const file = openSync(systemPath(path), constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      if (now.standing.bytes !== entry.bytes) ftruncateSync(file, entry.bytes);
      for (const stretch of now.hollow) writeZeros(file, stretch);
      if (!now.isWhole && now.isLast) this.#count.filesWritten += 1;
      if (now.isLast) this.#finishFile({ path, entry, pieces: 0, made: true }, file);
    } finally {
      closeSync(file);
    }
  }

  async #write(target: TargetFile, pieces: ListedEntry['pieces']): Promise<void> {
    this.#count.filesWritten += 1;
    this.#count.bytesWritten += pieces.reduce((sum, { bytes }) => sum + bytes, 0);
    if (pieces.length === 0) return this.#open.writeEmpty(target);
    await this.#due.add(target, pieces);
    if (this.#due.isFull) await this.#due.write();
  }

  #finishFile({ entry }: TargetFile, file: number): void {
    this.#dresser.file(file, entry);
    this.#parts.progress.advance({ items: 1 });
  }

  #placeOf(entry: StoredEntry): string | undefined {
    return this.#parts.place === undefined ? entry.path : this.#parts.place(entry);
  }

  #pathOf = (place: string): string => targetOf(this.#root, place, this.#parts.object);

  async #pause(): Promise<void> {
    this.#entries += 1;
    if (this.#entries % entriesAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.#parts.signal?.aborted === true)
      throw new LifeboatError('operation.cancelled', 'the restore was stopped on request');
  }
}

function writeZeros(file: number, { from, to }: Stretch): void {
  for (let at = from; at < to;) at += writeSync(file, zeros, 0, Math.min(zeros.length, to - at), at);
}
