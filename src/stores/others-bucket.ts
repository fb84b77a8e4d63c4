import type { z } from 'zod';
import type { Clock } from '../core/index.ts';

/**
 * A bucket that others write, read as it is: any names, nothing assumed of them, nothing written. Errors as those of `Store`; names are
 * what stands behind the prefix of the settings.
 */
export interface OthersBucket {
  /** For people: `s3:bucket/prefix`. Holds no secret. */
  readonly location: string;
  /** Every object whose name starts with these characters, or it throws: a partial listing never looks complete. */
  list(start: string, options?: OthersOptions): AsyncIterable<OthersObject>;
  /**
   * The bytes of one object, in order, a few parts ahead of the reader. Throws `store.missing`, `store.frozen`, and `store.io` for an object
   * that was replaced while it was read.
   */
  read(name: string, options?: OthersOptions): AsyncIterable<Uint8Array>;
  close(): void;
}

export interface OthersOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface OthersObject {
  readonly name: string;
  readonly bytes: number;
  /** When it was put there, by the clock of the place; milliseconds since 1970. */
  readonly modifiedMs: number;
  /** The storage class in the plan's words, where it is not the ordinary one. */
  readonly storageClass?: string;
  /** It must thaw before it is read. */
  readonly frozen?: true;
}

/** A kind of such places as the registry knows it. */
export interface OthersBucketKind<Settings = unknown> {
  /** Its settings in the plan, which stand among those of whoever reads there. */
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** What is wrong with settings that are right one by one; undefined where nothing is. */
  wrong(settings: Settings): string | undefined;
  /** Sends nothing yet. Throws `store.unfit`, `secret.unset`. */
  open(settings: Settings, context: { readonly clock: Clock }): Promise<OthersBucket>;
}
