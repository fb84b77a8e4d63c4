import { isLifeboatError, LifeboatError, limits, silentProgress } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { damaged, damageFrom, isDamage, unreadable } from '../damage.ts';
import { decodeHeader, headerBytes, objectKinds, requireHash, type SealedKind } from '../format/seal.ts';
import { growingObjectBytesMax, growingWholeBytes } from '../logs/growing-object.ts';
import { logObjectOfName, objectOfName } from '../names.ts';
import type { Damage } from '../repository.ts';
import { Budget, forEachOf } from '../tasks.ts';
import { Pace, watched } from './pace.ts';
import { throwIfStopped } from './parts.ts';
import type { ReplicateOptions, Replication } from './replicate.ts';

/** `copied` and `there`: the target holds the object as it was written. `gone`: the source has it no more. */
export type Outcome = 'copied' | 'there' | 'gone' | 'bad' | 'differing';

/** Copies single objects, each judged by its own hash and kind before it is put. */
export class Copier {
  readonly #source: Store;
  readonly #target: Store;
  readonly #options: ReplicateOptions;
  readonly #pace: Pace;
  readonly #memory = new Budget(limits.replicaBytesInFlight);
  readonly #damage: Damage[] = [];
  readonly #mended: string[] = [];
  readonly #differing: string[] = [];
  #objects = 0;
  #bytes = 0;

  constructor(source: Store, target: Store, options: ReplicateOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#pace = new Pace(options.clock, options.bytesPerSecond);
  }

  report(): Pick<Replication, 'objects' | 'bytes' | 'damage' | 'mended' | 'differing'> {
    return {
      objects: this.#objects,
      bytes: this.#bytes,
      damage: this.#damage,
      mended: this.#mended,
      differing: this.#differing,
    };
  }

  /** Several at a time, within a bound of memory. Returns the names of those that the source has no more. */
  async copyAll(objects: readonly StoredObject[]): Promise<string[]> {
    const gone: string[] = [];
    await forEachOf(objects, limits.objectsCopiedAtOnce, async (object) => {
      throwIfStopped(this.#options.signal);
      await this.#memory.enter(object.bytes);
      try {
        if ((await this.copy(object)) === 'gone') gone.push(object.name);
      } finally {
        this.#memory.leave(object.bytes);
      }
      (this.#options.progress ?? silentProgress).advance({ bytes: object.bytes });
    });
    return gone;
  }

  /** The target for whoever writes to it beside: at the same rate, and told of with the rest. */
  writing(): Store {
    return watched(this.#target, async (bytes) => {
      await this.#pace.pass(bytes, this.#options.signal);
      this.#objects += 1;
      this.#bytes += bytes;
    });
  }

  /** What an object of the source is like; copies nothing, and notes what is wrong with it. */
  async judge(object: StoredObject): Promise<'whole' | 'gone' | 'bad'> {
    const bytes = await this.#read(object);
    return bytes === 'gone' || bytes === 'bad' ? bytes : 'whole';
  }

  async copy(object: StoredObject): Promise<Outcome> {
    const bytes = await this.#read(object);
    if (bytes === 'gone' || bytes === 'bad') return bytes;
    const { name } = object;
    const signal = this.#options.signal === undefined ? {} : { signal: this.#options.signal };
    try {
      await this.#target.put(name, [bytes], { ifAbsent: true, ...signal });
    } catch (error) {
      if (!isLifeboatError(error, 'store.exists')) throw error;
      const outcome = await this.#compare(name, bytes);
      if (outcome !== 'bad') return outcome;
      // What stands there is not whole by its own hash, or has not grown as far: nothing is lost with it.
      await this.#target.put(name, [bytes], signal);
      if (!isGrowing(name)) this.#mended.push(name);
    }
    if (objectOfName(name).kind === 'point') await this.#requireKept(name, bytes);
    this.#objects += 1;
    this.#bytes += bytes.length;
    return 'copied';
  }

  /** The bytes as they were written, or what is wrong with them at the source. */
  async #read({ name, bytes: size }: StoredObject): Promise<Buffer | 'gone' | 'bad'> {
    await this.#pace.pass(size, this.#options.signal);
    try {
      // One byte more tells an object that is longer than it was listed.
      const range = { offset: 0, length: isGrowing(name) ? growingObjectBytesMax : size + 1 };
      const { signal } = this.#options;
      const bytes = await this.#source.get(name, { range, ...(signal === undefined ? {} : { signal }) });
      if (isGrowing(name)) return bytes.subarray(0, growingWholeBytes(name, bytes));
      requireWhole(bytes, name);
      return bytes;
    } catch (error) {
      if (isLifeboatError(error, 'store.missing')) return 'gone';
      const isFrozen = isLifeboatError(error, 'store.frozen');
      if (!isFrozen && !isDamage(error)) throw error;
      const { kind } = objectOfName(name);
      // What is frozen here cannot be copied before it thawed; points that do not need it can.
      this.#damage.push(damageFrom(isFrozen ? unreadable(name, error) : error, name, kind));
      return 'bad';
    }
  }

  /** A store that keeps something else than it was given: what is visible then is no point, and only we know of it. */
  async #requireKept(name: string, bytes: Buffer): Promise<void> {
    if ((await this.#target.get(name)).equals(bytes)) return;
    await this.#target.remove(name);
    throw new LifeboatError('repository.damaged', `${this.#target.location} did not keep the point as it was copied`, {
      where: name,
      hint: 'Look after its disk or bucket before the next copy.',
    });
  }

  /** What the target has under this name. */
  async #compare(name: string, bytes: Buffer): Promise<'there' | 'bad' | 'differing'> {
    try {
      const found = await this.#target.get(name);
      if (found.equals(bytes)) return 'there';
      // What grows was copied as far as it had come: the longer one stays.
      if (isGrowing(name)) return growingWholeBytes(name, found) < bytes.length ? 'bad' : 'there';
      requireWhole(found, name);
    } catch (error) {
      if (isDamage(error)) return 'bad';
      throw error;
    }
    // Each store is given the journal of a host by that host: sealed each time anew, and equal in what it says.
    if (!name.startsWith('journal/')) this.#differing.push(name);
    return 'differing';
  }
}

/** All that can be said of an object without a key. Throws `repository.damaged`, `repository.version`. */
export function requireWhole(bytes: Buffer, name: string): void {
  if (bytes.length === 0) throw damaged(name, 'the object is empty');
  const { kind, id } = objectOfName(name);
  if (!isSealed(kind)) throw damaged(name, 'no object of this name is sealed');
  requireHash(bytes, name);
  const { salt } = decodeHeader(bytes.subarray(0, headerBytes), name, kind);
  if ((kind === 'pack' || kind === 'index') && salt.toString('hex') !== id)
    throw damaged(name, 'its salt is not its name: one object stands in the place of another');
}

const isGrowing = (name: string): boolean => logObjectOfName(name)?.growing !== undefined;

const isSealed = (kind: string): kind is SealedKind => Object.hasOwn(objectKinds, kind);
