import type { CaptureFacts, Entry, LogWriter, PointContents } from '../assets/index.ts';
import type { Clock, Progress, Secret } from '../core/index.ts';
import type { HostIdentity, JournalRow } from '../journal/index.ts';
import type { Store } from '../stores/index.ts';
import type { PruneOptions, PruneResult } from './prune/index.ts';
import type { ColdPart, CoolOptions, CoolResult } from './tiers/index.ts';

/**
 * A content-addressed, deduplicating, encrypted repository in one store; its bytes are described in docs/FORMAT.md.
 * Any number of processes may write at once.
 */
export interface Repository {
  readonly id: string;
  readonly location: string;

  /** Opens a writer's session. What an earlier, killed session uploaded whole is found and used again. */
  write(options: WriteOptions): Promise<PointWriter>;

  /**
   * All points, oldest first. What cannot be read is in `damage`, never left out in silence. Of what a `PointCache` kept the newest of each
   * asset and kind is read again, and with `fresh` all: damage that came since may stand behind any other. What decides what goes asks for that.
   */
  points(options?: PointsOptions): Promise<{ points: Point[]; damage: Damage[] }>;

  /** Throws `point.missing`, `repository.damaged`. */
  point(id: string): Promise<Point>;

  /**
   * Removes the point's object, whole or damaged, and nothing else: what the point needed stays until a prune.
   * Throws `point.missing`, and `store.denied` where the store keeps it all the same (a lock, a hold).
   */
  forget(id: string): Promise<void>;

  /** For an asset's `apply`. Also tells what damage was met and survived on the way (a bad copy of something kept twice). */
  contents(
    point: Point,
    options?: { signal?: AbortSignal; progress?: Progress },
  ): Promise<PointContents & { damage(): Damage[] }>;

  /** Damage noticed since opening: what redundancy made harmless, and what a writer met when it read back. */
  damage(): Damage[];

  /**
   * The log of an asset's source, by what the source calls it (a system identifier). Nothing is read or written until a method is
   * called; a log that nobody wrote yet is empty.
   */
  log(asset: string, source: string): LogWriter;

  /** What keeps points whatever their age, oldest first; a hold that cannot be read is in `damage`, and what it keeps is not known. */
  holds(options?: { signal?: AbortSignal }): Promise<{ holds: Hold[]; damage: Damage[] }>;

  /**
   * Puts a hold beside the points; returns its bytes as stored. `sealed`: the bytes that another store of this repository returned.
   * Throws `store.exists`.
   */
  hold(hold: Hold, sealed?: Buffer): Promise<Buffer>;

  /** Throws `hold.missing`, and `store.denied` where the store keeps it all the same. */
  release(hold: string): Promise<void>;

  /** The same repository, opened by the same key, in another place that holds it, or in several read as one. The place stays its owner's. */
  over(place: Store): Repository;

  /** Stores records of this machine's journal that follow `previous`, signed. Throws `store.exists` where others have their name. */
  putJournal(
    identity: HostIdentity,
    piece: { host: string; previous: string; rows: readonly JournalRow[] },
  ): Promise<void>;

  /**
   * Puts fewer, longer pieces in the place of many small ones of this machine's chain: first the long one, read back, then the others go. A
   * crash between leaves both, which is right; a store that keeps them all the same is no error. Returns how many went.
   */
  compactJournal(identity: HostIdentity): Promise<number>;

  /** The last record of a chain that the store holds: its number and hash; 0 and zeros where it holds none. */
  shippedHead(chain: string): Promise<{ records: number; head: string }>;

  /** Every journal that was shipped here, as far as each can be believed, and what is damaged, cut or forked. */
  journals(): Promise<{ chains: ShippedChain[]; damage: Damage[] }>;

  /** Gives packs that no index covers an index again, from what they say of themselves; returns how many there were. */
  rebuildIndex(): Promise<number>;

  verify(options: VerifyOptions): Promise<VerifyResult>;

  /**
   * Deletes what no point needs, while others may write, and goes on where a killed one stopped. Never touches logs (`LogWriter.remove`) or journals.
   * Throws `prune.blind` when what a point needs cannot be told, `store.busy` while another prune is at work.
   */
  prune(options: PruneOptions): Promise<PruneResult>;

  /**
   * Moves packs that only points of a tier need to its storage class, and keeps apart what is cold and what is not. What backups and prunes read
   * never moves. May be killed, and goes on when called again. Throws `prune.blind`, `store.busy`, `store.unfit` for a class that the place does not know.
   */
  cool(options: CoolOptions): Promise<CoolResult>;

  /** Names of the packs that are about to be deleted. */
  condemned(): Promise<Set<string>>;

  /** Of each of these points that needs packs in cold classes: which; one that is not in the answer needs none. Costs one listing where nothing is cold. */
  cold(points: readonly Point[], options?: { signal?: AbortSignal }): Promise<Map<string, ColdPart>>;

  /**
   * What a store that holds only these packs (names) lacks of a point: the packs that hold the rest here, or the point's own name where no
   * pack does or its entries cannot be read. Empty when the point would be whole.
   */
  lacks(point: string, present: ReadonlySet<string>): Promise<string[]>;

  /** Brings points to another store of this repository where packs that they need are condemned: by new ones. Whoever calls has a session there for each. */
  anewIn(target: Store, options: { signal?: AbortSignal; progress?: Progress }): BringAnew;

  close(): Promise<void>;
}

/** Answers what the store lacks of the point even then, as `lacks` does. */
export type BringAnew = (point: string) => Promise<readonly string[]>;

export interface PointsOptions {
  readonly fresh?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions {
  readonly asset: string;
  readonly assetType: string;
  readonly clock: Clock;
  readonly host: string;
  /** Objects that were found damaged: what lies in them is stored again instead of being counted as known. */
  readonly distrust?: ReadonlySet<string>;
  /**
   * The point before of the same source, whose files are known again by size, times and numbers and then not read. Entries
   * must come in the order of `comparePaths` (core) for that.
   */
  readonly previous?: Point;
  /**
   * Instead of `previous`: a point that every file is held against where it has the same path. All is read; of files that tell how long
   * their pages are (`Entry.pageBytes`) only the pages that differ are stored.
   */
  readonly against?: Point;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface PointWriter {
  /** Takes one entry and its content: chunk → keyed id → known? → compress → seal → pack → store. */
  add(entry: Entry): Promise<void>;
  /** Waits until everything that was added has been read; tells which files that may vanish did so before they were read. */
  settle(): Promise<{ vanished: readonly string[] }>;
  /**
   * Flushes packs, then the index, re-reads what the point needs (`readBack`), and only then creates the point.
   * Throws `repository.damaged`, `repository.incomplete` or `repository.unreadable` if something does not read back, be it just
   * written or known from before; all that was found so is in the repository's `damage()`, to be distrusted by the next writer.
   */
  commit(facts: CaptureFacts, options: { planHash: string; tool: string }): Promise<Point>;
  /** Ends the session without a point. Whole packs stay and serve the next one. May be called after any error. */
  abandon(): Promise<void>;
}

/** A recovery point as the repository records it. */
export interface Point {
  readonly id: string;
  readonly asset: string;
  readonly assetType: string;
  readonly kind: string;
  /** The moment whose data it holds. */
  readonly atMs: number;
  readonly createdMs: number;
  readonly host: string;
  /** Plain size, number of entries, new bytes that this point added to the store, and how long it took. */
  readonly bytes: number;
  readonly files: number;
  readonly storedBytes: number;
  readonly seconds: number;
  readonly planHash: string;
  readonly tool: string;
  readonly facts: CaptureFacts;
}

/** What keeps a point, or every point of an asset, from going, whatever a plan says: exactly one of `point` and `asset` is there. */
export interface Hold {
  readonly id: string;
  readonly kind: 'incident' | 'legal' | 'manual';
  readonly point?: string;
  readonly asset?: string;
  readonly reason: string;
  readonly by: string;
  readonly createdMs: number;
  /** Without one it stays until it is released. */
  readonly untilMs?: number;
}

/** The journal of one machine, as a store holds it. */
export interface ShippedChain {
  readonly chain: string;
  readonly host: string;
  /** From the first record on, each checked against the one before and the host's signature. */
  readonly rows: readonly JournalRow[];
}

export interface VerifyOptions {
  /** The points to verify; default: all. */
  readonly points?: readonly Point[];
  /**
   * `structure`: every object a point needs is there, of the right size, and its index and entries decode.
   * `points`: also every chunk of the points, and every object of their logs, is read, decrypted, hashed again.
   * `everything`: every byte of every object in the store, whether a point needs it or not, both copies of what is kept twice.
   */
  readonly depth: 'structure' | 'points' | 'everything';
  /** Ids of the logs that `points` reads; default: all. */
  readonly logs?: ReadonlySet<string>;
  /** Which packs, and objects of logs (by their names), are read, whole, asked once of all that would be; of the others only the size is looked at. Default: all, of each what is needed. */
  readonly choose?: (packs: readonly { readonly id: string; readonly bytes: number }[]) => ReadonlySet<string>;
  /** Is told of each pack of which every chunk was read, and of each object of a log. */
  readonly onPack?: (pack: { readonly id: string; readonly bytes: number; readonly sound: boolean }) => void;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface VerifyResult {
  /** What was looked at: objects and bytes as stored, chunks and bytes as plain. */
  readonly checked: { objects: number; bytes: number; chunks: number; plainBytes: number; points: number };
  readonly damage: Damage[];
  /** Whole points by id: those without damage in what was read. */
  readonly sound: string[];
  /** Not read, because it lies in a class that must thaw first; `points` need some of it, and are neither sound nor damaged by what was read. */
  readonly frozen: { readonly packs: number; readonly bytes: number; readonly points: readonly string[] };
  /** With `onPack`: the packs that a point rests on; undefined where one of them is nowhere. */
  readonly packsOf: (point: string) => string[] | undefined;
}

export interface Damage {
  /** The object's name in the store. */
  readonly object: string;
  readonly kind:
    | 'header'
    | 'key'
    | 'pack'
    | 'index'
    | 'point'
    | 'session'
    | 'condemned'
    | 'awaited'
    | 'cooling'
    | 'canary'
    | 'log'
    | 'hold'
    | 'lease'
    | 'journal'
    | 'foreign';
  readonly code: 'repository.damaged' | 'repository.incomplete' | 'repository.unreadable';
  /** `the object is 812 bytes long, its index says 2,048`. */
  readonly what: string;
  /** Points that cannot be restored whole because of it. */
  readonly points: string[];
}

/** How a repository is opened: one of these must fit one of its keys. */
export interface Unlock {
  readonly passphrase?: Secret;
  /** An age identity, `AGE-SECRET-KEY-1…`. */
  readonly identity?: Secret;
  /** Tried when these do not fit. */
  readonly more?: readonly Unlock[];
}

/** Who shall be able to open a new repository. At least one. */
export interface Recipients {
  readonly passphrase?: Secret;
  readonly passphrases?: readonly Secret[];
  readonly age: readonly string[];
}

/** Throws `repository.exists`. */
export type CreateRepository = (store: Store, recipients: Recipients, clock: Clock) => Promise<Repository>;

/** Throws `repository.missing`, `repository.version`, `repository.damaged`, `key.wrong`, `key.missing`. */
export type OpenRepository = (
  store: Store,
  unlock: Unlock,
  clock: Clock,
  options?: { readonly points?: PointCache | undefined },
) => Promise<Repository>;

/**
 * Where what was read of points is kept on this machine, one sealed document for each store: with it a list of points costs one listing. A point is
 * taken from there only where the store lists its name with its size, and for a day; all of it may be lost, stale or harmed at any time. Never throws.
 */
export interface PointCache {
  load(place: PlaceOfPoints): Promise<Buffer | undefined>;
  save(place: PlaceOfPoints, sealed: Buffer): Promise<void>;
}

export interface PlaceOfPoints {
  readonly repository: string;
  readonly location: string;
}
