import { isoTime, LifeboatError, limits } from '../../core/index.ts';
import { checkName, checkPrefix, isName } from '../names.ts';
import { throwIfStopped } from '../stopped.ts';
import type { GetOptions, Store, StoredObject } from '../store.ts';
import { download } from './objects/download.ts';
import { classOf } from './objects/classes.ts';
import { listVersions, type Version } from './objects/listing.ts';
import type { Client } from './transport/client.ts';
import { versioningOf } from './bucket/settings-of-bucket.ts';

/**
 * A bucket that keeps versions as it was at a moment: of each name the newest version that is not younger. What was deleted or
 * replaced since is there; what was deleted by then is not. Nothing can be written.
 */
export class PastS3Store implements Store {
  readonly location: string;
  readonly atomicCreate = false;
  readonly #client: Client;
  readonly #prefix: string;
  readonly #asOfMs: number;
  /** The past does not change: what is read in parts is looked up once. */
  readonly #found = new Map<string, Version>();

  private constructor(client: Client, prefix: string, asOfMs: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#asOfMs = asOfMs;
    this.location = `${client.location} as of ${isoTime(asOfMs)}`;
  }

  /** Throws `store.unfit` where the bucket keeps no versions. */
  static async open(client: Client, prefix: string, asOfMs: number): Promise<PastS3Store> {
    if ((await versioningOf(client)) !== undefined) return new PastS3Store(client, prefix, asOfMs);
    throw new LifeboatError('store.unfit', 'the bucket keeps no versions, so that its past cannot be read', {
      where: client.location,
      hint: 'Look for the copies in another store of the plan.',
    });
  }

  put(): Promise<void> {
    return Promise.reject(this.#past());
  }

  remove(): Promise<void> {
    return Promise.reject(this.#past());
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    checkName(name);
    throwIfStopped(options.signal);
    const found = await this.#find(name);
    if (found === undefined)
      throw new LifeboatError('store.missing', 'the object was not there', {
        where: this.#client.where(this.#key(name)),
      });
    const { key, version } = found;
    return download(this.#client, { key, version, range: options.range, signal: options.signal });
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    checkName(name);
    const found = await this.#find(name);
    return found === undefined ? undefined : this.#object(found);
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    checkPrefix(prefix);
    const below = prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`;
    for await (const one of this.#asOf(this.#prefix + below)) {
      if (isName(one.key.slice(this.#prefix.length))) yield this.#object(one);
    }
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  async #find(name: string): Promise<Version | undefined> {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    for await (const one of this.#asOf(this.#key(name))) {
      if (one.key !== this.#key(name)) continue;
      if (this.#found.size < limits.pastObjectsKept) this.#found.set(name, one);
      return one;
    }
    return undefined;
  }

  /** Of each key the entry that was the newest then, unless it says that the key was gone. */
  async *#asOf(prefix: string): AsyncIterable<Version> {
    let decided: string | undefined;
    for await (const one of listVersions(this.#client, prefix)) {
      if (one.key === decided || one.modifiedMs > this.#asOfMs) continue;
      decided = one.key;
      if (!one.deleted) yield one;
    }
  }

  #object({ key, bytes, storageClass }: Version): StoredObject {
    return { name: key.slice(this.#prefix.length), bytes, ...classOf(storageClass) };
  }

  #past(): LifeboatError {
    return new LifeboatError('store.denied', 'the past of a store cannot be written', {
      where: this.location,
      hint: 'Open it without a moment.',
    });
  }

  #key(name: string): string {
    return this.#prefix + name;
  }
}
