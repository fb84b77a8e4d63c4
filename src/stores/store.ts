import type { z } from 'zod';
import type { Clock } from '../core/index.ts';

/**
 * What the repository asks of a place that keeps objects. Names are paths of lower-case letters, digits, `.`, `_` and `-`
 * joined by `/` (`packs/4f/4f0c…`), not below `tmp/`, which is the driver's own; an object is bytes that never change once
 * written, except where `put` replaces it.
 *
 * Promises of every implementation (the suite in `store.suite.ts` asks for each):
 * - when `put` resolves, the object survives a power cut, whole; a reader never sees part of one;
 * - what was put is what `get`, `stat` and `list` answer from then on;
 * - `list` names every object below the prefix or throws: a partial listing never looks complete.
 *
 * Errors, always `LifeboatError`: `store.missing`, `store.exists`, `store.unreachable` (also when the place itself is gone since
 * it was opened: then nothing is known of its objects), `store.full`, `store.denied`, `store.io`, `store.name`, `store.frozen` (`get` of
 * what must thaw first), `store.unfit` (the place cannot do what was asked of it), and `operation.cancelled` (or the signal's own reason) when it was stopped.
 */
export interface Store {
  /** For people: `fs:/backups/near`. Holds no secret. */
  readonly location: string;
  /** Whether `ifAbsent` is atomic among all writers; a store without it allows one writer at a time. */
  readonly atomicCreate: boolean;

  /**
   * Writes an object from its parts, in order, durably. With `ifAbsent` exactly one of several writers wins, the others get
   * `store.exists`; without it an existing object is replaced whole.
   */
  put(name: string, parts: readonly Uint8Array[], options?: PutOptions): Promise<void>;

  /**
   * The bytes, or the range of them; shorter than asked if the object ends before. The memory is the caller's alone.
   * Throws `store.missing`.
   */
  get(name: string, options?: GetOptions): Promise<Buffer>;

  /** `undefined` if there is no such object. */
  stat(name: string): Promise<StoredObject | undefined>;

  /** Every object whose name starts with the prefix (a whole number of path parts, or ''), in no special order. */
  list(prefix: string): AsyncIterable<StoredObject>;

  /**
   * Whether this user may write, asked without writing, and how many bytes there is room for. A kind that cannot tell leaves it out.
   * Throws `store.denied`, `store.unreachable`.
   */
  room?(): Promise<{ readonly freeBytes: number }>;

  /**
   * Where the object lies as a file of this machine, for whoever reads many pieces of many objects in threads of its own. Only
   * where objects are files. Asked without looking: whether it is there shows when it is opened. What goes wrong then is asked for again by `get`.
   */
  fileOf?(name: string): string;

  /**
   * Begins an object that grows at its end: as `put` with `ifAbsent` of the first bytes, and then each addition is durable when it resolves.
   * Only where files grow in place. Readers see what was added, perhaps a torn part of an addition that has not resolved, and zeros behind it
   * (room made beforehand): the format within tells where it ends. `bytesMax`: no room is made beyond. Throws as `put`.
   */
  grow?(name: string, first: readonly Uint8Array[], options: { readonly bytesMax: number }): Promise<GrowingObject>;

  /** Removes the object; it is no error if there is none. Where versions are kept, an older or locked one stays out of sight. */
  remove(name: string): Promise<void>;

  /**
   * Locks the object against deletion and change until that moment (milliseconds since 1970), or leaves it as it is if it is locked
   * for longer. Only where the place has locks (`lockMs` in the context). Throws `store.missing`, `store.unfit`.
   */
  extend?(name: string, untilMs: number): Promise<void>;

  /** Until when the object is locked (milliseconds since 1970); undefined: it is not. Throws `store.missing`. */
  lockedUntil?(name: string): Promise<number | undefined>;

  /** What can be told of the place by asking it, without writing: settings that somebody may have changed since it was made. */
  review?(): Promise<readonly StoreFact[]>;

  /** Whether the object can be read now. Only where the place has classes that must thaw. Throws `store.missing`. */
  thawState?(name: string): Promise<ThawState>;

  /** Asks for a readable copy for so many days; it is no error to ask again. What is not frozen is answered `readable`. */
  thaw?(name: string, days: number): Promise<ThawState>;

  /**
   * Moves the object to another storage class, under its name, bytes unchanged. Only where the place has classes.
   * Throws `store.missing`, `store.frozen`, `store.unfit`.
   */
  reclass?(name: string, storageClass: string): Promise<void>;

  /** What the place really does, found out by doing it on scratch names of the driver's own; each fact as soon as it is known. */
  probe?(options?: ProbeOptions): AsyncIterable<StoreFact>;

  /**
   * What was read of this object last was not as it was written: from now on it is read from another replica. False where there is none to ask,
   * which is so of every store that is one place (`failingOver` reads several as one).
   */
  doubt?(name: string): boolean;

  close(): Promise<void>;
}

export interface PutOptions {
  ifAbsent?: boolean;
  /** In the plan's words (`glacier`, `standard_ia`); a place without classes takes no notice. Default: the settings of the store. */
  storageClass?: string;
  signal?: AbortSignal;
}

/** An object that still grows; one addition at a time. After one that failed nobody knows what is there: it must not grow any more. */
export interface GrowingObject {
  add(parts: readonly Uint8Array[]): Promise<void>;
  /** Whether so many bytes may be added by `addNow`: no addition is under way, and room is made for them. */
  takesNow(bytes: number): boolean;
  /** As `add`, in this thread, which waits for the disk meanwhile: a fraction of the cost where a disk is quick, and all else is held up where one hangs. */
  addNow(bytes: Uint8Array): void;
  /** No more is added. Also after a failure; throws nothing. */
  close(): Promise<void>;
}

export interface GetOptions {
  range?: { offset: number; length: number };
  signal?: AbortSignal;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  /** The storage class in the plan's words, where it is not the ordinary one. */
  readonly storageClass?: string;
  /** It lies in a class from which nothing is read before it thawed; `thawState` says how far that is. */
  readonly frozen?: true;
}

export type ThawState =
  | { readonly state: 'readable' }
  /** `hours`: how long a thaw takes, as the vendor promises it. */
  | { readonly state: 'frozen' | 'thawing'; readonly storageClass: string; readonly hours: number }
  /** Readable until then (milliseconds since 1970). */
  | { readonly state: 'thawed'; readonly storageClass: string; readonly untilMs: number };

export interface ProbeOptions {
  /** Bytes of the large object that is sent up and down; default 16 MiB. */
  readonly bytes?: number;
  readonly signal?: AbortSignal;
}

/** One thing that a place was found to do, or not. */
export interface StoreFact {
  /** One word for machines: `atomic_create`, `versioning`, … */
  readonly code: string;
  /** `no`: not what the plan or the product needs; `unknown`: could not be found out; `figure`: neither good nor bad. */
  readonly verdict: 'yes' | 'no' | 'unknown' | 'figure';
  /** One sentence for people. */
  readonly message: string;
  /** Whether copies are in danger, or the plan is not met: exit 1. */
  readonly harmful: boolean;
  readonly hint?: string;
  readonly value?: number | string;
}

/** A kind of store as the registry knows it: its settings in the plan, and how it is opened. */
export interface StoreKind<Settings = unknown> {
  readonly type: string;
  readonly schema: z.ZodType<Settings>;
  /** Whether places of this kind may have locks (`lock` in the plan). */
  readonly locks?: boolean;
  /**
   * Opens without writing; `create` makes the place (folder, bucket) if it is missing.
   * Throws `store.denied`, and `store.unreachable` also when the place is not there and may not be made.
   */
  open(settings: Settings, context: StoreContext): Promise<Store>;
  /**
   * Makes the place as the settings ask where it is missing, reads back that it is so, and says each thing it found or did. What is there is
   * never weakened; asked again it changes nothing. Throws `store.unfit` where the place cannot be what was asked.
   */
  prepare?(settings: Settings, context: StoreContext): Promise<readonly StoreFact[]>;
}

export interface StoreContext {
  /** Relative paths in the plan are relative to this folder (the plan's). */
  readonly baseFolder: string;
  readonly create: boolean;
  readonly clock: Clock;
  /** What is put is locked against deletion for so long (`lock` in the plan). Throws `store.unfit` where the place cannot. */
  readonly lockMs?: number;
  /**
   * Shows the place as it was at that moment (milliseconds since 1970), from the versions that it keeps; nothing can be written then.
   * Throws `store.unfit` where no versions are kept.
   */
  readonly asOfMs?: number;
}
