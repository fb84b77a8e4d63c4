import type { KeyBundle } from '../keys/keys.ts';
import type { BuiltPack } from '../write/pack-builder.ts';
import type { Finding } from '../../assets/index.ts';
import type { CarriedError } from './carried.ts';
import type { SharedIdsPlace } from './shared-ids.ts';
import type { FileRange, PieceAt, SealedRange } from '../write/sealer.ts';

/** What a thread is asked. Each request gets one reply of the same number. */
export type Request =
  | { readonly do: 'start'; readonly session: number; readonly bundle: KeyBundle; readonly ids: SharedIdsPlace }
  | { readonly do: 'follow'; readonly session: number; readonly ids: SharedIdsPlace }
  /** `plain` lies in shared memory and stays as it is until the reply, or in memory of its own, which the thread is given. */
  | ({ readonly do: 'seal'; readonly plain: Uint8Array; readonly at?: PieceAt } & Inspected)
  | ({ readonly do: 'sealRange'; readonly range: FileRange } & Inspected)
  | { readonly do: 'finish'; readonly session: number }
  | { readonly do: 'recycle'; readonly session: number; readonly memory: ArrayBuffer }
  | { readonly do: 'end'; readonly session: number }
  | ({ readonly do: 'open' } & OpenRequest)
  | ({ readonly do: 'place' } & PlaceRequest);

interface Inspected {
  readonly session: number;
  /** The URL of a module. */
  readonly inspector?: string;
}

/** Chunks of one pack to be opened, and where their bytes belong. */
export interface OpenRequest {
  /** The pack's own key. */
  readonly key: Uint8Array;
  /** Hash the plain bytes again with this key and compare with the id. */
  readonly rehashKey?: Uint8Array;
  /** A stretch of the pack. */
  readonly sealed: Uint8Array;
  readonly chunks: readonly OpenChunk[];
}

export interface OpenChunk {
  readonly id: Uint8Array;
  readonly number: number;
  /** In `sealed`. */
  readonly offset: number;
  readonly sealedBytes: number;
  readonly plainBytes: number;
  /** Open files of this process, and the places in them that get these bytes. */
  readonly targets: readonly OpenTarget[];
}

export interface OpenTarget {
  /** The number of a file that is open in this process. */
  readonly file: number;
  readonly offset: number;
  /** The same file, opened to be written past the system's cache, where it can be. */
  readonly direct?: number | undefined;
}

/** Chunks that the thread reads from packs by itself, and writes to their places. */
export interface PlaceRequest {
  readonly packs: readonly OpenPackFile[];
  /** In the order of their targets: what follows each other in a file is written as one. */
  readonly chunks: readonly PlacedChunk[];
}

export interface OpenPackFile {
  /** The number of a file that is open in this process. */
  readonly file: number;
  readonly key: Uint8Array;
}

export interface PlacedChunk {
  readonly id: Uint8Array;
  /** Which of the packs. */
  readonly pack: number;
  readonly number: number;
  /** In the pack. */
  readonly offset: number;
  readonly sealedBytes: number;
  readonly plainBytes: number;
  /** Of parts: where the stretch of the file begins, `limits.fixedChunkBytes` at most, that these and the parts of its neighbours make up. */
  readonly target: OpenTarget;
  /** Not all of it belongs there: from where in the chunk, how many bytes, to where in the file, and so on; always three numbers. */
  readonly parts?: readonly number[];
}

/** A reply; `pack` comes with whatever request completed one. */
export interface Reply {
  readonly task: number;
  readonly id?: Uint8Array;
  /** The chunk was not known: it is stored. */
  readonly fresh?: boolean;
  readonly findings?: readonly Finding[];
  readonly pack?: BuiltPack;
  readonly range?: Omit<SealedRange, 'pack'>;
  /** Positions in `chunks` of those that are not as they were written. */
  readonly bad?: readonly number[];
  readonly error?: CarriedError;
}
