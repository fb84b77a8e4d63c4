import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import type { StoredEntry, WriteTreeOptions, WrittenTree } from '../../assets/index.ts';
import { isName, LifeboatError, limits, messageOf, systemCodeOf, systemPath, type Progress } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import { Dresser } from './dress.ts';
import { DueChunks } from './due-chunks.ts';
import { FirstNames } from './first-names.ts';
import type { ListedEntry } from '../format/entry-list.ts';
import { OpenFiles, type TargetFile } from './open-files.ts';
import { PathTable } from './path-table.ts';
import type { PackReader } from '../read/pack-reader.ts';
import { makeSpecial } from './special-files.ts';
import { SyncedRoot } from './synced-root.ts';
import { targetOf } from './tree-path.ts';

export interface TreeParts extends WriteTreeOptions {
  readonly reader: PackReader;
  readonly progress: Progress;
  /** The point's object, for errors. */
  readonly object: string;
}

interface DueLink {
  readonly path: string;
  readonly first: string;
}

/** Between two looks at whatever else the process has to do. */
const entriesAtOnce = 128;

/**
 * Writes the entries of a point below a folder: each thing gets its owner, mode and times when it is complete, a folder when the list has left it;
 * then one sync. Of a tree of any size memory holds what is due, and the folders around that. No path is written to that leads through anything but
 * folders that were made here: the root is ours alone until the end.
 */
export class TreeWriter {
  readonly #root: string;
  readonly #parts: TreeParts;
  readonly #dresser: Dresser;
  readonly #open: OpenFiles;
  readonly #due: DueChunks;
  /** Not finished yet, by place, a folder before what it holds; without an entry it was only made because something stands in it. */
  readonly #folders = new Map<string, StoredEntry | undefined>([['', undefined]]);
  /** Finished while the list went on, by place: it may come back to any of them, and one that was not made here is none of ours. */
  readonly #finished = new PathTable();
  readonly #firstNames: FirstNames;
  #links: DueLink[] = [];
  #files = 0;
  #bytes = 0;
  #entries = 0;

  constructor(root: string, parts: TreeParts) {
    this.#root = root;
    this.#parts = parts;
    this.#dresser = new Dresser(parts.owner, root);
    this.#firstNames = new FirstNames(parts.object);
    this.#open = new OpenFiles((target, file) => this.#finishFile(target, file));
    this.#due = new DueChunks(parts, this.#open);
  }

  async write(listed: AsyncIterable<ListedEntry>): Promise<WrittenTree> {
    await requireEmptyFolder(this.#root);
    const synced = new SyncedRoot(this.#root);
    try {
      for await (const one of listed) await this.#take(one);
      await this.#writeDue(undefined);
      await synced.sync();
    } catch (error) {
      throw this.#told(error);
    } finally {
      this.#open.closeAll();
      this.#firstNames.close();
      this.#finished.close();
      synced.close();
    }
    return { files: this.#files, bytes: this.#bytes, warnings: this.#dresser.warnings() };
  }

  async #take(listed: ListedEntry): Promise<void> {
    await this.#pause();
    const { entry } = listed;
    const place = this.#parts.place === undefined ? entry.path : this.#parts.place(entry);
    if (place === undefined) return this.#leaveOut(listed);
    const path = targetOf(this.#root, place, this.#parts.object);
    if (place === '' && entry.type !== 'folder') throw damaged(this.#parts.object, 'its root is not a folder');
    this.#openParents(place);
    if (this.#isFull) await this.#writeDue(place);
    switch (entry.type) {
      case 'folder':
        return this.#takeFolder(place, path, entry);
      case 'file':
        return this.#takeFile(place, path, listed);
      case 'hardlink':
        return this.#takeHardLink(place, path, entry);
      case 'symlink':
        this.#requireName(entry);
        symlinkSync(systemPath(entry.target as string), systemPath(path));
        return this.#dresser.path(path, entry);
      default:
        makeSpecial(path, entry, this.#dresser);
    }
  }

  #leaveOut(listed: ListedEntry): void {
    if (listed.entry.linked === true) this.#firstNames.leftOut(listed);
  }

  /** The folder that holds it was mostly the last to be made. */
  #openParents(place: string): void {
    const last = place.lastIndexOf('/');
    if (last < 0 || this.#folders.has(place.slice(0, last))) return;
    for (let end = place.indexOf('/'); end >= 0; end = place.indexOf('/', end + 1)) {
      const parent = place.slice(0, end);
      if (!this.#folders.has(parent)) this.#openFolder(parent, targetOf(this.#root, parent, this.#parts.object));
    }
  }

  /** Trees are listed folder by folder; where a list comes back to one that was finished, that gets again what it has now. */
  #openFolder(place: string, path: string): void {
    this.#folders.set(place, this.#makeFolder(place, path) ? undefined : this.#dresser.takeBack(path, place));
  }

  /** Whether it had to be made. What stands there without is of another name, where a file system takes two for one. */
  #makeFolder(place: string, path: string): boolean {
    try {
      mkdirSync(systemPath(path), 0o700);
      return true;
    } catch (error) {
      if (systemCodeOf(error) === 'EEXIST' && this.#finished.get(place) !== undefined) return false;
      throw error;
    }
  }

  #takeFolder(place: string, path: string, entry: StoredEntry): void {
    if (!this.#folders.has(place)) this.#openFolder(place, path);
    this.#folders.set(place, entry);
  }

  async #takeFile(place: string, path: string, { entry, pieces }: ListedEntry): Promise<void> {
    if (entry.linked === true) this.#firstNames.stands(entry.path, place);
    this.#files += 1;
    this.#bytes += entry.bytes;
    const target = { path, entry, pieces: pieces.length, made: false };
    if (pieces.length === 0) return this.#open.writeEmpty(target);
    await this.#due.add(target, pieces);
  }

  async #takeHardLink(place: string, path: string, entry: StoredEntry): Promise<void> {
    const target = entry.target as string;
    const first = await this.#firstNames.of(target);
    if (first === undefined) {
      const what = `${JSON.stringify(place)} is another name of ${JSON.stringify(target)}, which is no file before it`;
      throw damaged(this.#parts.object, what);
    }
    if ('place' in first) {
      this.#files += 1;
      // Who is not root cannot reach into a folder that has its own mode already.
      this.#openParents(first.place);
      this.#links.push({ path, first: targetOf(this.#root, first.place, this.#parts.object) });
      return;
    }
    const { entry: left, pieces } = first.listed;
    const { target: _, ...own } = entry;
    this.#firstNames.stands(target, place);
    return this.#takeFile(place, path, { entry: { ...left, ...own, type: 'file', bytes: left.bytes }, pieces });
  }

  get #isFull(): boolean {
    return this.#due.isFull || this.#links.length >= limits.filesPerBatch || this.#folders.size >= limits.filesPerBatch;
  }

  /** Contents, then the further names of what is there now, then the folders that the list has left for this place. */
  async #writeDue(place: string | undefined): Promise<void> {
    await this.#due.write();
    const links = this.#links;
    this.#links = [];
    for (const { path, first } of links) {
      await this.#pause();
      linkSync(systemPath(first), systemPath(path));
      this.#parts.progress.advance({ items: 1 });
    }
    await this.#finishFolders(place);
  }

  #finishFile({ entry }: TargetFile, file: number): void {
    this.#dresser.file(file, entry);
    this.#parts.progress.advance({ items: 1 });
  }

  /** All but those around this place. Deepest first: into a folder that has its own mode not everybody may go. */
  async #finishFolders(around: string | undefined): Promise<void> {
    for (const [place, entry] of [...this.#folders].toReversed()) {
      if (around !== undefined && isAround(place, around)) continue;
      await this.#pause();
      if (entry !== undefined) this.#dresser.path(targetOf(this.#root, place, this.#parts.object), entry);
      this.#folders.delete(place);
      if (around !== undefined) this.#finished.put(place, isFinished);
    }
  }

  #requireName({ path, target }: StoredEntry): void {
    if (isName(target as string) && target !== '' && target?.includes('\0') === false) return;
    throw damaged(this.#parts.object, `the link ${JSON.stringify(path)} leads to what is no path`);
  }

  /** Nothing is ever replaced: what stands there already came from the same point. */
  #told(error: unknown): unknown {
    if (systemCodeOf(error) !== 'EEXIST') return restoreError(error, this.#root);
    const { path = '' } = error as { path?: string };
    return damaged(this.#parts.object, `it holds ${JSON.stringify(path.slice(this.#root.length + 1))} twice`, error);
  }

  async #pause(): Promise<void> {
    this.#entries += 1;
    if (this.#entries % entriesAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.#parts.signal?.aborted === true)
      throw new LifeboatError('operation.cancelled', 'the restore was stopped on request');
  }
}

const isFinished = Buffer.of(1);

const isAround = (folder: string, place: string): boolean => folder === '' || place.startsWith(`${folder}/`);

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

export function restoreError(error: unknown, root: string): unknown {
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
