import { LifeboatError } from '../../core/index.ts';
import { stopped } from '../stopped.ts';
import type { GetOptions, PutOptions, Store, StoredObject } from '../store.ts';
import { abilitiesOf } from './abilities.ts';
import type { StoreOperation } from './operation.ts';

/**
 * - `error`: refused before anything was done (`store.unreachable`);
 * - `lostReply`: done, and then `store.unreachable`;
 * - `full`, `io`: as a disk says it, before anything was done;
 * - `stall`: never answers; only the call's signal ends it;
 * - `truncated`: a lying store. `put` keeps and `get` gives the first half of the bytes, `stat` half of the size, and no error
 *   tells; `list` breaks off with `store.io` after half of the names, for a listing that ends is a whole one by contract.
 */
export type Fault = 'error' | 'lostReply' | 'full' | 'io' | 'stall' | 'truncated';

export interface FaultPlan {
  readonly fault: Fault;
  /** The first call that meets it, counted from 1 among those of `operations`. */
  readonly at: number;
  /** How many calls in a row meet it; default 1. */
  readonly times?: number;
  /** Default: every operation; for `full` only `put`. */
  readonly operations?: readonly StoreOperation[];
}

export interface FaultyStore extends Store {
  /** Calls so far of the operations that can meet the fault: a sweep ends when `at` is beyond them. */
  calls(): number;
  /** Calls that met it. */
  met(): number;
}

/** Injects one fault at chosen calls of a store; everything else passes. For tests and drills. */
export function faulty(store: Store, plan: FaultPlan): FaultyStore {
  return Object.assign(
    new Faulty(store, plan),
    abilitiesOf(store, (work) => work()),
  );
}

class Faulty implements FaultyStore {
  readonly location: string;
  readonly atomicCreate: boolean;
  readonly #store: Store;
  readonly #plan: FaultPlan;
  readonly #operations: readonly StoreOperation[] | undefined;
  #calls = 0;
  #met = 0;

  constructor(store: Store, plan: FaultPlan) {
    this.location = store.location;
    this.atomicCreate = store.atomicCreate;
    this.#store = store;
    this.#plan = plan;
    this.#operations = plan.operations ?? (plan.fault === 'full' ? ['put'] : undefined);
  }

  calls(): number {
    return this.#calls;
  }

  met(): number {
    return this.#met;
  }

  async put(name: string, parts: readonly Uint8Array[], options: PutOptions = {}): Promise<void> {
    const fault = this.#meet('put');
    if (fault === 'truncated') return this.#store.put(name, [firstHalf(Buffer.concat(parts))], options);
    return this.#under(fault, () => this.#store.put(name, parts, options), name, options.signal);
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    const fault = this.#meet('get');
    const found = await this.#under(fault, () => this.#store.get(name, options), name, options.signal);
    return fault === 'truncated' ? firstHalf(found) : found;
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    const fault = this.#meet('stat');
    const found = await this.#under(fault, () => this.#store.stat(name), name);
    return found !== undefined && fault === 'truncated' ? { name, bytes: Math.floor(found.bytes / 2) } : found;
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    const fault = this.#meet('list');
    const found = await this.#under(fault, () => Array.fromAsync(this.#store.list(prefix)), prefix);
    if (fault !== 'truncated') return yield* found;
    yield* found.slice(0, Math.floor(found.length / 2));
    throw new LifeboatError('store.io', 'injected: the listing broke off', { where: this.#where(prefix) });
  }

  async remove(name: string): Promise<void> {
    await this.#under(this.#meet('remove'), () => this.#store.remove(name), name);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #meet(operation: StoreOperation): Fault | undefined {
    if (this.#operations?.includes(operation) === false) return undefined;
    this.#calls += 1;
    const { at, times = 1, fault } = this.#plan;
    if (this.#calls < at || this.#calls >= at + times) return undefined;
    this.#met += 1;
    return fault;
  }

  async #under<T>(fault: Fault | undefined, work: () => Promise<T>, name: string, signal?: AbortSignal): Promise<T> {
    const where = this.#where(name);
    if (fault === 'stall') return silence(signal);
    if (fault === 'error') throw new LifeboatError('store.unreachable', 'injected: no connection', { where });
    if (fault === 'full') throw new LifeboatError('store.full', 'injected: no space left on device', { where });
    if (fault === 'io') throw new LifeboatError('store.io', 'injected: input/output error', { where });
    const done = await work();
    if (fault === 'lostReply') throw new LifeboatError('store.unreachable', 'injected: the reply was lost', { where });
    return done;
  }

  #where(name: string): string {
    return `${this.location}/${name}`;
  }
}

const firstHalf = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length / 2));

function silence(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(stopped(signal));
    else signal?.addEventListener('abort', () => reject(stopped(signal)), { once: true });
  });
}
