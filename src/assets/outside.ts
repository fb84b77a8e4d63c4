import type { z } from 'zod';
import type { ApplyOptions, RestoredCopy, StartOptions, WorkOptions } from './asset.ts';

/** One copy that others made and keep. `id` is that of the point. */
export type KeptContent = { readonly id: string } & Kept;

type Kept =
  /** One file, read once; an error at its end means that nothing of it counts. */
  | { readonly kind: 'stream'; readonly name: string; read(): AsyncIterable<Uint8Array> }
  /**
   * A tree, written below a folder that does not exist yet, as it was: owners, times, links. `warn` gets, in a sentence, what could not be
   * given back as it was.
   */
  | { readonly kind: 'tree'; write(folder: string, warn?: (sentence: string) => void): Promise<void> }
  /**
   * The data directory of a PostgreSQL and its tablespaces, each below an empty folder, and how its log is fetched while it recovers.
   */
  | {
      readonly kind: 'cluster';
      write(folder: string, tablespaces: string): Promise<void>;
      readonly recovery: ClusterRecovery;
    };

export type KeptStream = KeptContent & { kind: 'stream' };
export type KeptCluster = KeptContent & { kind: 'cluster' };

export interface ClusterRecovery {
  readonly systemId: string;
  readonly major: number;
  /** Where the backup ended: a server that stopped short of it is no copy. */
  readonly endLsn: string;
  /** `restore_command` for a data directory, with PostgreSQL's own `%f` and `%p`. */
  restoreCommand(folder: string): string;
}

/** What copies that others made are copies of, and how one becomes a thing to use. Each kind of asset brings its own. */
export interface FormKind<AssetSettings = unknown> {
  /** The word behind `as` in the plan; the type of the assets. */
  readonly type: string;
  /** Its settings in the plan, beside `from` and `decode`. */
  readonly settings: Readonly<Record<string, z.ZodType>>;
  /** Settings of an asset of this type that has no source: it checks, measures and opens what was restored. */
  assetSettings(settings: object): AssetSettings;
  open(name: string, settings: object): Form;
}

export interface Form {
  /**
   * Makes the restored thing in `staging`, which does not exist yet.
   * Throws `asset.foreign` for content of another form, `asset.corrupt` for a copy that is not whole.
   */
  build(content: KeptContent, staging: string, options: ApplyOptions): Promise<void>;
  /** Only where it differs from how the asset starts its own copies. */
  start?(path: string, options: StartOptions): Promise<RestoredCopy>;
  /**
   * Reads a copy to its end and says what it is, for people. Only for what comes as a stream. Throws `asset.corrupt` for one that is not whole.
   */
  read?(content: KeptStream, options?: WorkOptions): Promise<string>;
}
