/** One named thing of a capture or of a recovery point: a file, folder or link. */
export interface EntryHeader {
  /** Relative to the asset's root, parts joined by `/`, no `.` or `..`; the root itself is ''. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'symlink';
  /** Permission bits, e.g. 0o640. */
  readonly mode: number;
  /** Modification time, nanoseconds since 1970. */
  readonly modifiedNs: bigint;
  readonly uid?: number;
  readonly gid?: number;
  /** Where a symlink points, as it stands in the link. */
  readonly target?: string;
}

/** What an asset hands over while it is captured. Only files have content; a file without content is empty. */
export interface Entry extends EntryHeader {
  readonly content?: Content;
  /** `fixed`: page-aligned pieces (database files); `content`: cut by content (all else, the default). */
  readonly chunking?: 'fixed' | 'content';
}

/**
 * Where the bytes of a file come from.
 * - `stream`: read once, to its end, before the next entry is asked for.
 * - `file`: the engine reads it itself, when it likes and perhaps in another thread, until the capture ends. It compares size
 *   and times before and after; on a change it reads again (`limits.rereadsMax`) and then marks the entry as `torn`.
 *   `bytes` fixes the length: growth beyond it is cut off.
 */
export type Content =
  | { readonly kind: 'stream'; readonly read: () => AsyncIterable<Uint8Array> }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly bytes?: number;
      readonly mayChange?: boolean;
      /** Removed before it is read, it is left out and the point says so; else it is `asset.vanished`. */
      readonly mayVanish?: boolean;
    };

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
  writeTree(root: string, options?: WriteTreeOptions): Promise<{ files: number; bytes: number }>;
}

export interface WriteTreeOptions {
  place?: (entry: StoredEntry) => string | undefined;
  /** Every entry gets this owner instead of its own; without it owners are kept where the process may set them. */
  owner?: { uid: number; gid: number };
  signal?: AbortSignal;
}
