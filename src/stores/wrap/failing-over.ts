import { assert, LifeboatError, toLifeboatError, type ErrorCode } from '../../core/index.ts';
import type { GetOptions, Store, StoredObject, ThawState } from '../store.ts';

export interface Replica {
  /** As the plan names it. */
  readonly name: string;
  readonly store: Store;
}

/** What was read from another replica than the first in line, and why. */
export interface Changeover {
  readonly from: string;
  readonly to: string;
  /** The object; undefined where the replica as a whole does not answer, and is asked last from then on. */
  readonly object: string | undefined;
  readonly reason: string;
}

/**
 * Several stores that hold the same objects under the same names, read as one: the first that has an object gives it; one that does not answer
 * is asked last from then on. `doubt` makes a reader that found an object damaged get it from another. Can only be read; the stores
 * stay their owner's, who closes them.
 */
export function failingOver(replicas: readonly Replica[], onChange: (change: Changeover) => void): Store {
  assert(replicas.length > 0, 'there is a store to read from');
  return new FailingOver(replicas, onChange);
}

class FailingOver implements Store {
  readonly location: string;
  readonly atomicCreate = false;
  #order: readonly Replica[];
  readonly #onChange: (change: Changeover) => void;
  /** Replicas whose copy of an object is not to be read. */
  readonly #doubted = new Map<string, Set<Replica>>();
  readonly #served = new Map<string, Replica>();
  readonly #told = new Set<string>();

  constructor(replicas: readonly Replica[], onChange: (change: Changeover) => void) {
    this.location = replicas.map(({ store }) => store.location).join(', else ');
    this.#order = replicas;
    this.#onChange = onChange;
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    const { found, by } = await this.#first(name, (store) => store.get(name, options), options.signal);
    this.#served.set(name, by);
    return found;
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    try {
      const asked = await this.#first(name, async (store) => {
        const found = await store.stat(name);
        if (found === undefined) throw new LifeboatError('store.missing', `${name} is not there`, { where: name });
        return found;
      });
      return asked.found;
    } catch (error) {
      if (toLifeboatError(error).code === 'store.missing') return undefined;
      throw error;
    }
  }

  /** What any of those that answer holds. Throws what the first said when none does. */
  async *list(prefix: string): AsyncIterable<StoredObject> {
    const found = new Map<string, StoredObject>();
    const errors: LifeboatError[] = [];
    for (const replica of this.#order) {
      try {
        for (const object of await Array.fromAsync(replica.store.list(prefix)))
          if (found.get(object.name)?.frozen !== undefined || !found.has(object.name)) found.set(object.name, object);
      } catch (error) {
        errors.push(this.#failed(replica, undefined, error));
      }
    }
    if (errors.length === this.#order.length) throw errors[0] as LifeboatError;
    yield* found.values();
  }

  doubt(name: string): boolean {
    const served = this.#served.get(name);
    if (served === undefined) return false;
    const doubted = this.#doubted.get(name) ?? new Set();
    this.#doubted.set(name, doubted.add(served));
    const next = this.#order.find((replica) => !doubted.has(replica));
    if (next !== undefined) this.#tell(served, next, name, 'the object is not as it was written');
    return next !== undefined;
  }

  /** An object of which one replica can be read counts as readable. */
  async thawState(name: string): Promise<ThawState> {
    let coldest: ThawState | undefined;
    for (const { store } of this.#order) {
      if ((await store.stat(name)) === undefined) continue;
      const state = (await store.thawState?.(name)) ?? { state: 'readable' };
      if (state.state === 'readable' || state.state === 'thawed') return state;
      coldest = state;
    }
    if (coldest === undefined) throw new LifeboatError('store.missing', `${name} is not there`, { where: name });
    return coldest;
  }

  async put(name: string): Promise<void> {
    throw readOnly(name);
  }

  async remove(name: string): Promise<void> {
    throw readOnly(name);
  }

  async close(): Promise<void> {}

  async #first<T>(
    name: string,
    ask: (store: Store) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<{ found: T; by: Replica }> {
    const candidates = this.#order.filter((replica) => this.#doubted.get(name)?.has(replica) !== true);
    const failures: { replica: Replica; error: LifeboatError }[] = [];
    for (const replica of candidates) {
      try {
        const found = await ask(replica.store);
        for (const { replica: from, error } of failures)
          this.#tell(from, replica, isAway(error) ? undefined : name, error.message);
        return { found, by: replica };
      } catch (error) {
        if (signal?.aborted === true) throw error;
        failures.push({ replica, error: this.#failed(replica, name, error) });
      }
    }
    // A store that is away says nothing of the object; one that has it and cannot read it says more than one that has it not.
    const worst = failures.find(({ error }) => error.code !== 'store.missing') ?? failures[0];
    throw worst?.error ?? new LifeboatError('store.missing', `no other store has ${name}`, { where: name });
  }

  #failed(replica: Replica, name: string | undefined, error: unknown): LifeboatError {
    const failure = toLifeboatError(error);
    if (!passedOver.includes(failure.code)) throw error;
    if (isAway(failure) || name === undefined) this.#order = [...this.#order.filter((one) => one !== replica), replica];
    return failure;
  }

  #tell(from: Replica, to: Replica, object: string | undefined, reason: string): void {
    const key = `${from.name}\n${object ?? ''}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#onChange({ from: from.name, to: to.name, object, reason });
  }
}

const awayCodes: readonly ErrorCode[] = ['store.unreachable', 'store.denied'];
const passedOver: readonly ErrorCode[] = [...awayCodes, 'store.missing', 'store.io', 'store.frozen'];
const isAway = ({ code }: LifeboatError): boolean => awayCodes.includes(code);

const readOnly = (name: string): LifeboatError =>
  new LifeboatError('store.denied', 'several stores that are read as one cannot be written', { where: name });
