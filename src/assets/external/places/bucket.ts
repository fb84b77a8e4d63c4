import { isLifeboatError, LifeboatError, type ErrorCode } from '../../../core/index.ts';
import type { OthersBucket, OthersBucketKind } from '../../../stores/index.ts';
import type { WorkOptions } from '../../asset.ts';
import { stopIfAsked } from '../../stop.ts';
import type { KeeperContext } from '../keeper.ts';
import type { FilesOptions, Place, PlacedFile } from './place.ts';

/**
 * A bucket, or what begins with a prefix in it. Opened for the first of the pieces of work that overlap and closed after the last: an asset has
 * no end at which connections could be given up, and a new client for each of a thousand small objects would cost more than they do.
 */
export class BucketPlace implements Place {
  readonly description: string;
  readonly #open: () => Promise<OthersBucket>;
  readonly #context: KeeperContext;
  #shared: { readonly opened: Promise<OthersBucket>; users: number } | undefined;

  constructor(settings: BucketAccess, kind: OthersBucketKind, context: KeeperContext) {
    const { bucket, prefix = '' } = settings;
    this.description = typeof bucket === 'string' ? `s3:${bucket}/${prefix}`.replace(/\/+$/, '') : 'a bucket';
    this.#open = () => kind.open(settings, context);
    this.#context = context;
  }

  async identity(options: WorkOptions = {}): Promise<string> {
    // One page tells whether it is there and may be read.
    for await (const _ of this.files({ ...options })) break;
    const { bucket, leave } = await this.#enter();
    leave();
    return `bucket:${bucket.location}`;
  }

  async *files({ below = '', wanted = () => true, signal }: FilesOptions = {}): AsyncGenerator<PlacedFile, void, void> {
    const { bucket, leave } = await this.#enter();
    try {
      for await (const { name, bytes, modifiedMs, frozen, storageClass } of bucket.list(below, { signal })) {
        stopIfAsked(signal, `the listing of ${this.description}`);
        // A name that ends with a bar is how consoles show a folder.
        if (name.endsWith('/') || !wanted(name)) continue;
        yield { name, bytes, modifiedMs, ...(frozen === true ? { frozenIn: storageClass ?? 'cold' } : {}) };
      }
    } catch (error) {
      throw this.#inOurWords(error, 'be listed');
    } finally {
      leave();
    }
  }

  async *read(name: string, { signal }: WorkOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    const { bucket, leave } = await this.#enter();
    try {
      yield* bucket.read(name, { signal });
    } catch (error) {
      throw this.#inOurWords(error, `be read (${name})`);
    } finally {
      leave();
    }
  }

  async #enter(): Promise<{ bucket: OthersBucket; leave: () => void }> {
    const shared = (this.#shared ??= { opened: this.#open(), users: 0 });
    shared.users += 1;
    const leave = (bucket?: OthersBucket): void => {
      shared.users -= 1;
      if (shared.users > 0) return;
      if (this.#shared === shared) this.#shared = undefined;
      bucket?.close();
    };
    try {
      const bucket = await shared.opened;
      return { bucket, leave: () => leave(bucket) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** It is a source here, and no store of ours. */
  #inOurWords(error: unknown, what: string): unknown {
    if (!isLifeboatError(error)) return error;
    const code = words[error.code];
    if (code === undefined) return error;
    const hint = error.code === 'store.frozen' ? thawHint : error.hint;
    return new LifeboatError(code, `the copies of ${this.#context.name} cannot ${what}: ${error.message}`, {
      ...(error.where === undefined ? {} : { where: error.where }),
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
}

/** What of the settings this file looks at; the rest is the kind’s own. */
export interface BucketAccess {
  readonly bucket: unknown;
  readonly prefix?: string | undefined;
}

const thawHint =
  'Ask for it with the tool of the bucket (aws s3api restore-object), or take a younger copy: that bucket is not written by Lifeboat.';

const words: Readonly<Partial<Record<string, ErrorCode>>> = {
  'store.unreachable': 'asset.unreachable',
  'store.denied': 'asset.denied',
  'store.missing': 'asset.vanished',
  'store.io': 'asset.unreadable',
  'store.frozen': 'store.frozen',
};
