import type { WorkOptions } from '../../asset.ts';

/** Where files of others lie: a folder of this machine, or a bucket. Read only. Errors: the `asset.*` codes, `store.frozen`, `operation.cancelled`. */
export interface Place {
  /** For people: `/backups/orders`, `s3:dumps/orders`. */
  readonly description: string;

  /** The same for one place however it is reached, and another for another; looks whether it is there. */
  identity(options?: WorkOptions): Promise<string>;

  /** Every file, or it throws. Names are relative to the place. */
  files(options?: FilesOptions): AsyncIterable<PlacedFile>;

  /** One file, read once. An error at its end means that nothing of it counts. Throws `asset.vanished` where there is none. */
  read(name: string, options?: WorkOptions): AsyncIterable<Uint8Array>;
}

export interface FilesOptions extends WorkOptions {
  /** Only below this folder, which ends with a bar. */
  readonly below?: string;
  /** Only these. */
  readonly wanted?: (name: string) => boolean;
}

export interface PlacedFile {
  readonly name: string;
  readonly bytes: number;
  /** Of its last change, milliseconds since 1970. */
  readonly modifiedMs: number;
  /** It lies in this class of a bucket, and must thaw before it is read. */
  readonly frozenIn?: string;
}
