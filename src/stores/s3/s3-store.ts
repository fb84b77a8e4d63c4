import { LifeboatError } from '../../core/index.ts';
import { checkName, checkPrefix, isName } from '../names.ts';
import { throwIfStopped } from '../stopped.ts';
import type { GetOptions, ProbeOptions, PutOptions, Store, StoredObject, StoreFact, ThawState } from '../store.ts';
import { reviewBucket } from './bucket/facts.ts';
import { wishesOf } from './bucket/prepare.ts';
import { extendLock, lockedUntil } from './objects/lock.ts';
import { classOf, copyTo, requestThaw, thawHours, thawStateOf } from './objects/classes.ts';
import { download } from './objects/download.ts';
import { objectHeaders } from './objects/headers.ts';
import { listKeys } from './objects/listing.ts';
import { upload } from './objects/upload.ts';
import { probeStore } from './probe/probe.ts';
import type { S3Settings } from './settings.ts';
import type { Answer, Client } from './transport/client.ts';

export interface S3StoreParts {
  readonly client: Client;
  /** '' or with a bar at its end. */
  readonly prefix: string;
  readonly atomicCreate: boolean;
  readonly settings: S3Settings;
  readonly lockMs: number | undefined;
}

export class S3Store implements Store {
  readonly location: string;
  readonly atomicCreate: boolean;
  /** Only where the plan asks for locks. */
  readonly extend?: NonNullable<Store['extend']>;
  readonly #parts: S3StoreParts;
  readonly #client: Client;

  constructor(parts: S3StoreParts) {
    this.#parts = parts;
    this.#client = parts.client;
    this.location = parts.client.location;
    this.atomicCreate = parts.atomicCreate;
    if (parts.lockMs !== undefined) {
      this.extend = (name, untilMs) => {
        checkName(name);
        return extendLock(parts.client, this.#key(name), untilMs, parts.settings);
      };
    }
  }

  async put(name: string, parts: readonly Uint8Array[], options: PutOptions = {}): Promise<void> {
    checkName(name);
    throwIfStopped(options.signal);
    const { settings, lockMs } = this.#parts;
    // A server that takes no notice of the condition is asked before: that is enough for the one writer that is allowed then.
    if (options.ifAbsent === true && !this.atomicCreate && (await this.#head(name)) !== undefined)
      throw this.#exists(name);
    await upload(this.#client, {
      key: this.#key(name),
      parts,
      ifAbsent: options.ifAbsent ?? false,
      headers: objectHeaders(settings, {
        ...(options.storageClass === undefined ? {} : { storageClass: options.storageClass }),
        ...(lockMs === undefined ? {} : { lockedUntilMs: this.#client.clock.now() + this.#client.skewMs + lockMs }),
      }),
      signal: options.signal,
    });
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    checkName(name);
    throwIfStopped(options.signal);
    try {
      return await download(this.#client, { key: this.#key(name), range: options.range, signal: options.signal });
    } catch (error) {
      throw error instanceof LifeboatError && error.code === 'store.frozen' ? await this.#frozen(name, error) : error;
    }
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    checkName(name);
    const found = await this.#head(name);
    if (found === undefined) return undefined;
    const storageClass = String(found.headers['x-amz-storage-class'] ?? '');
    return { name, bytes: Number(found.headers['content-length']), ...classOf(storageClass) };
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    checkPrefix(prefix);
    const below = prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/`;
    for await (const { key, bytes, storageClass } of listKeys(this.#client, this.#parts.prefix + below)) {
      const name = key.slice(this.#parts.prefix.length);
      if (isName(name)) yield { name, bytes, ...classOf(storageClass) };
    }
  }

  async remove(name: string): Promise<void> {
    checkName(name);
    try {
      await this.#client.send({ method: 'DELETE', key: this.#key(name) });
    } catch (error) {
      if (!(error instanceof LifeboatError && error.code === 'store.missing')) throw error;
    }
  }

  lockedUntil(name: string): Promise<number | undefined> {
    checkName(name);
    return lockedUntil(this.#client, this.#key(name));
  }

  review(): Promise<readonly StoreFact[]> {
    const { settings, lockMs, prefix } = this.#parts;
    return reviewBucket(this.#client, prefix, wishesOf(settings, lockMs));
  }

  async thawState(name: string): Promise<ThawState> {
    checkName(name);
    const found = await this.#head(name);
    if (found === undefined) throw this.#missing(name);
    return thawStateOf(found);
  }

  async thaw(name: string, days: number): Promise<ThawState> {
    const state = await this.thawState(name);
    if (state.state === 'frozen') await requestThaw(this.#client, this.#key(name), days);
    return state.state === 'frozen' ? this.thawState(name) : state;
  }

  async reclass(name: string, storageClass: string): Promise<void> {
    const found = await this.stat(name);
    if (found === undefined) throw this.#missing(name);
    const { settings, lockMs, client } = { ...this.#parts };
    const untilMs = lockMs === undefined ? undefined : client.clock.now() + client.skewMs + lockMs;
    const heldMs = lockMs === undefined ? undefined : await this.lockedUntil(name);
    const lock = untilMs === undefined ? {} : { lockedUntilMs: Math.max(untilMs, heldMs ?? 0) };
    await copyTo(client, this.#key(name), found.bytes, objectHeaders(settings, { storageClass, ...lock }));
    // Some servers take no notice of a lock that is asked for with a copy, and the lock of before is on the old version.
    if (lock.lockedUntilMs !== undefined) await extendLock(client, this.#key(name), lock.lockedUntilMs, settings);
  }

  probe(options: ProbeOptions = {}): AsyncIterable<StoreFact> {
    return probeStore(this.#parts, options);
  }

  async close(): Promise<void> {
    this.#client.close();
  }

  /** Undefined if there is no such object. The answer to HEAD has no words, so a missing bucket is told apart by one that has. */
  async #head(name: string): Promise<Answer | undefined> {
    const found = await this.#client.send({ method: 'HEAD', key: this.#key(name), accept: [404] });
    if (found.status !== 404) return found;
    await this.#client.send({
      method: 'GET',
      query: { 'list-type': '2', 'max-keys': '1', prefix: this.#parts.prefix },
    });
    return undefined;
  }

  async #frozen(name: string, cause: LifeboatError): Promise<LifeboatError> {
    const state = await this.thawState(name);
    const thawing = state.state === 'thawing';
    const [storageClass, hours] =
      state.state === 'readable' ? ['cold', thawHours('')] : [state.storageClass, hoursOf(state)];
    const message = thawing
      ? `the object is thawing from the class ${storageClass}, which takes up to ${hours} h`
      : `the object is frozen in the class ${storageClass}; thawing takes up to ${hours} h`;
    return new LifeboatError('store.frozen', message, {
      where: this.#client.where(this.#key(name)),
      hint: thawing ? 'Wait, and run again.' : 'Ask for it: lifeboat store thaw STORE, and run again when it is done.',
      cause,
    });
  }

  #exists(name: string): LifeboatError {
    return new LifeboatError('store.exists', 'the object is already there', {
      where: this.#client.where(this.#key(name)),
    });
  }

  #missing(name: string): LifeboatError {
    return new LifeboatError('store.missing', 'the object is not there', {
      where: this.#client.where(this.#key(name)),
    });
  }

  #key(name: string): string {
    return this.#parts.prefix + name;
  }
}

const hoursOf = (state: ThawState): number => ('hours' in state ? state.hours : 0);
