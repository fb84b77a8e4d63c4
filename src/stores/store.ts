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
 * it was opened: then nothing is known of its objects), `store.full`, `store.denied`, `store.io`, `store.name`, and
 * `operation.cancelled` (or the signal's own reason) when it was stopped.
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

  /** Removes the object; it is no error if there is none. */
  remove(name: string): Promise<void>;

  close(): Promise<void>;
}

export interface PutOptions {
  ifAbsent?: boolean;
  signal?: AbortSignal;
}

export interface GetOptions {
  range?: { offset: number; length: number };
  signal?: AbortSignal;
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
}

/** A kind of store as the registry knows it: its settings in the plan, and how it is opened. */
export interface StoreKind<Settings = unknown> {
  readonly type: string;
  readonly schema: z.ZodType<Settings>;
  /**
   * Opens without writing; `create` makes the place (folder, bucket) if it is missing.
   * Throws `store.denied`, and `store.unreachable` also when the place is not there and may not be made.
   */
  open(settings: Settings, context: StoreContext): Promise<Store>;
}

export interface StoreContext {
  /** Relative paths in the plan are relative to this folder (the plan's). */
  readonly baseFolder: string;
  readonly create: boolean;
  readonly clock: Clock;
}
