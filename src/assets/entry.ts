/** One named thing of a capture or of a recovery point: a file, folder or link. */
export interface EntryHeader {
  /**
   * Relative to the asset's root, parts joined by `/`, no `.` or `..`; the root itself is ''. Bytes that are no UTF-8 stand in it
   * as `nameOfBytes` (core) has them.
   */
  readonly path: string;
  /** `hardlink`: one more name of a file that came before it, its `target`. */
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'fifo' | 'device';
  /** Permission bits, e.g. 0o640. */
  readonly mode: number;
  /** Modification time, nanoseconds since 1970. */
  readonly modifiedNs: bigint;
  readonly uid?: number;
  readonly gid?: number;
  /** What the source's system called them: on another system the same people may have other numbers. */
  readonly user?: string;
  readonly group?: string;
  /** Where a symlink points, as it stands in the link; for a hard link the path of the file. */
  readonly target?: string;
  readonly device?: DeviceNumber;
  /** Extended attributes (access lists among them) by their names; names are escaped as paths are. */
  readonly attributes?: readonly (readonly [string, Buffer])[];
  /** The source had holes in it: zeros are better left out than written. */
  readonly sparse?: true;
  /** The file has other names, which may come later as hard links. */
  readonly linked?: true;
  /** Only files, and only where the source can tell: by what an unchanged file is known again. */
  readonly stamp?: FileStamp;
}

export interface DeviceNumber {
  readonly kind: 'character' | 'block';
  readonly major: number;
  readonly minor: number;
}

/** What changes whenever a file is written or replaced. Beside it only size and modification time are compared. */
export interface FileStamp {
  /** The time of the last change of any kind (`ctime`), nanoseconds since 1970: no program can set it. */
  readonly changedNs: bigint;
  /** Left out where the source's file system gives a file new numbers each time it is mounted. */
  readonly inode?: bigint;
  readonly device?: bigint;
}

/** What an asset hands over while it is captured. Only files have content; a file without content is empty. */
export interface Entry extends EntryHeader {
  readonly content?: Content;
  /** The size of a file by path when it was looked at: a small one is then read at once, together with its neighbours. */
  readonly bytesExpected?: number;
  /** Read it even if nothing about it has changed. */
  readonly reread?: boolean;
  /** `fixed`: page-aligned pieces (database files); `content`: cut by content (all else, the default). */
  readonly chunking?: 'fixed' | 'content';
  /**
   * Only with `fixed`, for a file by path that nobody inspects: bytes of a page. Of a piece that has changed since the point before, only the
   * pages that differ are stored; for that, what it was is read back from the store.
   */
  readonly pageBytes?: number;
}

/**
 * Where the bytes of a file come from.
 * - `stream`: read once, to its end, before the next entry is asked for. A part is valid until the next one is asked for.
 * - `file`: the engine reads it itself, when it likes and perhaps in another thread, until the capture ends. It compares size
 *   and times before and after; on a change it reads again (`limits.rereadsMax`) and then marks the entry as `torn`.
 *   `bytes` fixes the length: growth beyond it is cut off.
 */
export type Content =
  | {
      readonly kind: 'stream';
      readonly read: () => AsyncIterable<Uint8Array>;
      /**
       * Only with `fixed` chunking: the same in pieces as they are stored, each `limits.fixedChunkBytes` but the last, and each with memory of its
       * own, which goes with it. Either this is called or `read`.
       */
      readonly pieces?: () => AsyncIterable<Buffer>;
      /** As below, but nothing can be read again. */
      readonly inspection?: Inspection;
    }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly bytes?: number;
      readonly mayChange?: boolean;
      /** A link that took the place of the file is not followed: to us the file has vanished. */
      readonly noFollow?: boolean;
      /** Removed before it is read, it is left out, and the point says so unless that was `expected`; else it is `asset.vanished`. */
      readonly mayVanish?: boolean | 'expected';
      /** A copy made for this capture: its times are not those of the entry. */
      readonly standIn?: boolean;
      /** Whose pieces (of `fixed` chunking) are looked at on their way. */
      readonly inspection?: Inspection;
    };

/** How the pieces of a file are judged while they are read, in whatever thread reads them. */
export interface Inspection {
  /** The URL of a module that exports `makeInspector(): Inspector`; each thread that reads makes one of its own. */
  readonly module: string;
  /** What the inspector must know of this file: plain data. */
  readonly about: unknown;
  /** Called before `settle` returns with what was still wrong after it had been read again. */
  readonly report: (findings: readonly Finding[]) => void;
}

/** Something in a file that is not as it should be. */
export interface Finding {
  /** Where in the file, in bytes, and how much of it is to be read again. */
  readonly offset: number;
  readonly bytes: number;
  /** What the asset needs to judge it: plain data. */
  readonly seen: unknown;
}

export interface Inspector {
  /** Memory for one piece of at most so many bytes; the next call may give the same again. */
  room(bytes: number): Uint8Array;
  /** `piece` lies at the start of `room` and stands at `offset` of the file. It may be read again, in part, and looked at again. */
  inspect(piece: Uint8Array, offset: number, about: unknown): Finding[];
}

/** An entry as a recovery point holds it. */
export interface StoredEntry extends EntryHeader {
  readonly bytes: number;
  /** The file changed while it was read, each time: its content is a mix of two states. */
  readonly torn?: true;
}

/** A recovery point as an asset sees it while it is restored; the repository implements it. */
export interface PointContents {
  /** What the asset said of itself when the point was taken (`CaptureFacts.facts`). */
  readonly facts: Record<string, unknown>;
  /** In the order of the capture: a folder before what it holds. */
  entries(): AsyncIterable<StoredEntry>;
  /** The bytes of one file, authenticated. Throws `repository.damaged`, `repository.incomplete`. */
  read(path: string): AsyncIterable<Uint8Array>;
  /**
   * Writes the whole tree below `root` (an existing, empty folder): contents in parallel, then modes, owners and times, then
   * one sync. `place` renames an entry, or leaves it out by `undefined`. Nothing outside `root` is touched: a path or link that
   * would lead out while writing is `repository.damaged`.
   */
  writeTree(root: string, options?: WriteTreeOptions): Promise<WrittenTree>;
  /**
   * Makes a tree that is there already the one of the point, and writes only what differs. `current` is a point of the same repository
   * that was just taken of that tree, by these paths; a file that has changed since is written whole. Not atomic: a crash leaves a mix,
   * of which a new `current` can be taken. Only points of a repository have it. Throws as `writeTree`, and `asset.changing`.
   */
  rewriteTree?(root: string, current: PointContents, options?: RewriteTreeOptions): Promise<RewrittenTree>;
}

export interface RewriteTreeOptions extends WriteTreeOptions {
  /** What stands there, is in no point, and stays. */
  keep?: (path: string) => boolean;
  /** Links that stand there and count as the folders that they lead to. */
  follow?: (path: string) => boolean;
}

/** `files` and `bytes`: of the whole tree. */
export interface RewrittenTree extends WrittenTree {
  readonly filesWritten: number;
  readonly bytesWritten: number;
  readonly removed: number;
}

export interface WrittenTree {
  readonly files: number;
  readonly bytes: number;
  /** Sentences about what could not be given back as it was, such as an attribute that this file system does not keep. */
  readonly warnings: readonly string[];
}

export interface WriteTreeOptions {
  place?: (entry: StoredEntry) => string | undefined;
  /**
   * Every entry gets this owner instead of its own; without it owners are kept where the process may set them: by name where this
   * system knows it, else by number.
   */
  owner?: { uid: number; gid: number };
  signal?: AbortSignal;
}
