import { readSync } from 'node:fs';
import type { Finding, Inspector } from '../../assets/index.ts';
import { limits } from '../../core/index.ts';
import { chunkIdNow } from '../format/chunk-codec.ts';
import { isZeros } from './chunker.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { PackBuilder, type BuiltPack } from './pack-builder.ts';

/** A stretch of an open file, to be read, and stored as pieces of `limits.fixedChunkBytes`. Plain data, for threads. */
export interface FileRange {
  /** The number of a file that is open in this process. */
  readonly file: number;
  readonly offset: number;
  readonly bytes: number;
  /** What the inspector must know of the file. */
  readonly about?: unknown;
}

export interface SealedRange {
  /** Shorter than what was asked for only where the file ends. */
  readonly bytes: number;
  /** In their order. A piece without id is zeros, which need no chunk. */
  readonly pieces: readonly { readonly bytes: number; readonly id?: Uint8Array }[];
  /** How many of the pieces nobody had brought before. */
  readonly fresh: number;
  readonly findings: readonly Finding[];
  /** At most one: no range holds as much as a pack. */
  readonly pack?: BuiltPack;
}

/** Where a piece stands in its file, and what the inspector must know of that. */
export interface PieceAt {
  readonly offset: number;
  readonly about: unknown;
}

export interface SealedPiece {
  readonly id: Uint8Array;
  /** Nobody had brought it before. */
  readonly fresh: boolean;
  readonly findings: readonly Finding[];
  readonly pack?: BuiltPack;
}

/** Between two looks at something that may be half written: a write of one page is over in microseconds. */
const pauseMs = 2;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Hashes, compresses and seals in the thread that calls it. Chunks that anybody has brought already get their id, and no more. */
export class Sealer {
  readonly #idKey: Uint8Array;
  readonly #builder: PackBuilder;
  /** True for the one caller who brings the id. */
  readonly #claim: (id: Uint8Array) => boolean;
  #room: Buffer | undefined;

  constructor(bundle: KeyBundle, claim: (id: Uint8Array) => boolean) {
    this.#idKey = bundle.chunkIdKey;
    this.#builder = new PackBuilder(bundle);
    this.#claim = claim;
  }

  /** `at` tells an inspector what it looks at. */
  seal(bytes: Uint8Array, inspector?: Inspector, at?: PieceAt): SealedPiece {
    if (inspector === undefined || at === undefined) return this.#sealPlain(bytes, []);
    // What was inspected is stored. And whatever else looks at it reads memory that this thread has used just before, not what another filled.
    const plain = inspector.room(bytes.length).subarray(0, bytes.length);
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).copy(plain);
    return this.#sealPlain(plain, inspector.inspect(plain, at.offset, at.about));
  }

  #sealPlain(plain: Uint8Array, findings: readonly Finding[]): SealedPiece {
    const id = new Uint8Array(chunkIdNow(this.#idKey, plain));
    if (!this.#claim(id)) return { id, fresh: false, findings };
    const pack = this.#builder.add(id, plain);
    return { id, fresh: true, findings, ...(pack === undefined ? {} : { pack }) };
  }

  /** Throws what reading throws (with the system's code). */
  sealRange(range: FileRange, inspector?: Inspector): SealedRange {
    const room =
      inspector?.room(limits.fixedChunkBytes) ?? (this.#room ??= Buffer.allocUnsafeSlow(limits.fixedChunkBytes));
    const pieces: { bytes: number; id?: Uint8Array }[] = [];
    const findings: Finding[] = [];
    let [bytes, fresh] = [0, 0];
    let pack: BuiltPack | undefined;
    while (bytes < range.bytes) {
      const wanted = Math.min(limits.fixedChunkBytes, range.bytes - bytes);
      const offset = range.offset + bytes;
      const got = readWhole(range.file, room, wanted, offset);
      if (got > 0) {
        const plain = Buffer.from(room.buffer, room.byteOffset, got);
        if (inspector !== undefined) findings.push(...inspected(plain, offset, range, inspector));
        if (isZeros(plain)) {
          pieces.push({ bytes: got });
        } else {
          const sealed = this.seal(plain);
          pieces.push({ bytes: got, id: sealed.id });
          fresh += sealed.fresh ? 1 : 0;
          pack = sealed.pack ?? pack;
        }
      }
      bytes += got;
      if (got < wanted) break;
    }
    return { bytes, pieces, fresh, findings, ...(pack === undefined ? {} : { pack }) };
  }

  /** Completes the pack that was begun. */
  finish(): BuiltPack | undefined {
    return this.#builder.finish();
  }

  /** The memory of a pack that was stored. */
  recycle(memory: ArrayBuffer): void {
    this.#builder.recycle(memory);
  }

  /** Gives back the memory that it keeps for more. */
  retire(): void {
    this.#builder.retire();
  }
}

/** What is still wrong after it was read again: a page may have been half written at the moment it was read. */
function inspected(piece: Buffer, offset: number, { file, about }: FileRange, inspector: Inspector): Finding[] {
  let findings = inspector.inspect(piece, offset, about);
  for (let reread = 0; findings.length > 0 && reread < limits.rereadsMax; reread += 1) {
    Atomics.wait(pause, 0, 0, pauseMs << reread);
    for (const finding of findings) {
      const at = finding.offset - offset;
      readWhole(file, piece.subarray(at, at + finding.bytes), finding.bytes, finding.offset);
    }
    findings = inspector.inspect(piece, offset, about);
  }
  return findings;
}

function readWhole(file: number, into: Uint8Array, bytes: number, offset: number): number {
  let got = 0;
  while (got < bytes) {
    const more = readSync(file, into, got, bytes - got, offset + got);
    if (more === 0) break;
    got += more;
  }
  return got;
}
