import { closeSync, constants, ftruncateSync, mkdirSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import type { RewriteTreeOptions, RewrittenTree, StoredEntry } from '../../assets/index.ts';
import { LifeboatError, systemPath, type Progress } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import type { ListedEntry } from '../format/entry-list.ts';
import type { PackReader } from '../read/pack-reader.ts';
import { Dresser } from './dress.ts';
import { DueChunks } from './due-chunks.ts';
import type { KnownTree, Stretch } from './known-tree.ts';
import { OpenFiles, type TargetFile } from './open-files.ts';
import { PathTable } from './path-table.ts';
import { standingAt, standingIn, type Standing } from './standing.ts';
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
  /** All that leads to it are folders. */
  #lastParent = '';
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
    const synced = [new SyncedRoot(this.#root)];
    try {
      for (const path of await this.#removeOthers(listed())) synced.push(new SyncedRoot(path));
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

  /** What the point does not have, or has as something else. Goes first: it may need the room. Returns where links lead that count as folders. */
  async #removeOthers(listed: AsyncIterable<ListedEntry>): Promise<string[]> {
    const wanted = new Wanted();
    try {
      for await (const { entry } of listed) {
        await this.#pause();
        const place = this.#placeOf(entry);
        if (place !== undefined) wanted.add(place, entry.type);
      }
      const links: string[] = [];
      await this.#removeBelow('', wanted, links);
      return links;
    } finally {
      wanted.close();
    }
  }

  /** Returns whether something stays there that is in no point. */
  async #removeBelow(folder: string, wanted: Wanted, links: string[]): Promise<boolean> {
    const { keep = () => false } = this.#parts;
    let holdsKept = false;
    for (const standing of standingIn(this.#root, folder, this.#follow)) {
      await this.#pause();
      const { path, type, leadsTo } = standing;
      if (leadsTo !== undefined) links.push(leadsTo);
      const isKept = (type === 'folder' && (await this.#removeBelow(path, wanted, links))) || keep(path);
      holdsKept ||= isKept;
      if (isKept || wanted.has(path, type)) continue;
      // Other things than files and folders are made anew: that is simpler than to compare them.
      rmSync(systemPath(this.#pathOf(path)), { recursive: type === 'folder' });
      this.#count.removed += 1;
    }
    return holdsKept;
  }

  async #take({ entry, pieces }: ListedEntry): Promise<void> {
    await this.#pause();
    const place = this.#placeOf(entry);
    if (place === undefined) return;
    const path = this.#pathOf(place);
    this.#requireFolders(place);
    if (entry.type === 'folder') {
      if (place !== '' && this.#standingAt(place) === undefined)
        mkdirSync(systemPath(path), { mode: 0o700, recursive: true });
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

  /** What stands above it are folders, or links that count as such: through another link, which the same list may just have made, would be written elsewhere. */
  #requireFolders(place: string): void {
    const parent = place.slice(0, Math.max(place.lastIndexOf('/'), 0));
    // Nothing takes a folder away any more.
    if (parent === this.#lastParent) return;
    for (let end = place.indexOf('/'); end >= 0; end = place.indexOf('/', end + 1)) {
      const above = place.slice(0, end);
      const standing = this.#standingAt(above);
      if (standing === undefined) return;
      if (standing.type === 'folder') continue;
      const what = `${JSON.stringify(place)} would be written below ${JSON.stringify(above)}, which is no folder`;
      throw damaged(this.#parts.object, what);
    }
    this.#lastParent = parent;
  }

  async #takeFile(place: string, path: string, { entry: given, pieces }: ListedEntry): Promise<void> {
    // Zeros are written: something else may stand where they belong.
    const { sparse: _, ...entry } = given;
    const standing = this.#standingAt(place);
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

  #follow = (path: string): boolean => this.#parts.follow?.(path) === true;

  #standingAt = (place: string): Standing | undefined => standingAt(this.#root, place, this.#follow);

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

/** What the point has, by place: any of it may be asked for. */
class Wanted {
  readonly #table = new PathTable();

  /** An entry may come without the folders above it. */
  add(place: string, type: StoredEntry['type']): void {
    this.#table.put(place, Buffer.from(type));
    for (let end = place.lastIndexOf('/'); end > 0; end = place.lastIndexOf('/', end - 1)) {
      const above = place.slice(0, end);
      if (this.#table.get(above) !== undefined) return;
      this.#table.put(above, Buffer.from('folder'));
    }
  }

  has(place: string, type: Standing['type']): boolean {
    return this.#table.get(place)?.toString() === type;
  }

  close(): void {
    this.#table.close();
  }
}

function writeZeros(file: number, { from, to }: Stretch): void {
  for (let at = from; at < to;) at += writeSync(file, zeros, 0, Math.min(zeros.length, to - at), at);
}
