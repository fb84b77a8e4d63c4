import type { FileHandle } from 'node:fs/promises';
import type { Finding, Inspection, Inspector } from '../../assets/index.ts';
import { limits, type Progress } from '../../core/index.ts';
import { inspectorOf } from './inspectors.ts';
import type { KeyBundle } from '../keys/keys.ts';
import type { BuiltPack } from './pack-builder.ts';
import type { IndexedPack } from '../format/pack-format.ts';
import type { PackWriter } from './pack-writer.ts';
import { KnownIds, type KnownOnDisk, poolFor, SealSession } from '../pool/index.ts';
import { Sealer, type FileRange, type PieceAt, type SealedPiece, type SealedRange } from './sealer.ts';
import { Budget, Gate } from '../tasks.ts';

/** What is in the store already. */
export interface StoredIds {
  has(id: Buffer): boolean;
  /** For threads: those that are held in memory, and how many there may be; all others they look up by themselves. */
  shared(): { readonly size: number; readonly ids: Iterable<Uint8Array>; readonly onDisk?: KnownOnDisk | undefined };
}

export interface PlainChunk {
  readonly plain: Buffer;
  /** Called once when the bytes are no longer needed. */
  readonly release: () => void;
  /** Its memory is for nothing else: a thread is given it. Any other has to be shared memory for a thread to see it. */
  readonly own?: boolean;
  /** Whoever seals it shows it to an inspector before. */
  readonly inspection?: Inspection | undefined;
  /** Where it stands in its file. */
  readonly offset?: number;
}

/** A file that was read in ranges. */
export interface SealedFile {
  readonly bytes: number;
  /** What is missing is zeros. */
  readonly pieces: readonly { readonly offset: number; readonly bytes: number; readonly id: Buffer }[];
  readonly findings: readonly Finding[];
}

/**
 * Takes plain chunks, finds out which are new, and has those packed: the first of them, and the small ones, at once; all
 * others in threads, which also read files of fixed pieces themselves. At most `limits.chunkBytesInFlight` are under way.
 */
export class ChunkSink {
  readonly #bundle: KeyBundle;
  readonly #packs: PackWriter;
  readonly #stored: StoredIds;
  readonly #progress: Progress | undefined;
  readonly #sealer: Sealer;
  readonly #budget = new Budget(limits.chunkBytesInFlight);
  readonly #ranges = new Gate(limits.rangesInFlight);
  readonly #running = new Set<Promise<unknown>>();
  /** Chunks of this session, by id, until threads share a set of all that is known. */
  #own = new Set<string>();
  #session: SealSession | undefined;
  #bytes = 0;
  #error: unknown;

  constructor(bundle: KeyBundle, packs: PackWriter, stored: StoredIds, progress?: Progress) {
    this.#bundle = bundle;
    this.#packs = packs;
    this.#stored = stored;
    this.#progress = progress;
    this.#sealer = new Sealer(bundle, (id) => this.#claim(Buffer.from(id.buffer, id.byteOffset, id.length)));
  }

  /** Returns as soon as there is room for the chunk; its id comes when it is hashed. Throws what went wrong with any chunk before. */
  async submit(chunk: PlainChunk): Promise<{ id: Promise<Buffer> }> {
    const bytes = chunk.plain.length;
    await this.#packs.room();
    await this.#budget.enter(bytes);
    if (this.#error !== undefined) {
      this.#budget.leave(bytes);
      throw this.#error;
    }
    const id = this.#take(chunk);
    this.#run(
      id.then(() => bytes),
      () => {
        chunk.release();
        this.#budget.leave(bytes);
      },
    );
    return { id };
  }

  /**
   * Reads the first `bytes` of a file as fixed pieces, as far as there are so many. The file stays open until then.
   * Throws what reading throws, and what went wrong with any chunk before.
   */
  async sealFile(file: FileHandle, bytes: number, inspection?: Inspection): Promise<SealedFile> {
    const ranges: Promise<Omit<SealedRange, 'pack'>>[] = [];
    try {
      for (let offset = 0; offset < bytes; offset += limits.rangeBytes) {
        const range = { file: file.fd, offset, bytes: Math.min(limits.rangeBytes, bytes - offset) };
        ranges.push((await this.#startRange(range, inspection)).sealed);
      }
      return joined(await Promise.all(ranges));
    } finally {
      // The number of the file may be another's as soon as it is closed.
      await Promise.allSettled(ranges);
    }
  }

  /** Waits for all chunks; returns the packs that were written. Throws the first error. */
  async finish(): Promise<readonly IndexedPack[]> {
    await this.#allTaken();
    if (this.#error !== undefined) throw this.#error;
    await this.#session?.finish();
    // Nothing is claimed any more: the index takes as much memory as the ids that threads share.
    this.#session = undefined;
    this.#storeOwn(this.#sealer.finish());
    this.#sealer.retire();
    return this.#packs.finish();
  }

  /** Waits for what is under way, however it ends; nothing more is begun. */
  async settle(): Promise<void> {
    await this.#allTaken();
    this.#session?.end();
    this.#session = undefined;
    await this.#packs.settle();
  }

  async #allTaken(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #run(work: Promise<number>, ended: () => void): void {
    const task: Promise<unknown> = work
      .then(
        (bytes) => this.#progress?.advance({ bytes }),
        (error: unknown) => void (this.#error ??= error),
      )
      .finally(() => {
        this.#running.delete(task);
        ended();
      });
    this.#running.add(task);
  }

  async #startRange(
    range: FileRange,
    inspection?: Inspection,
  ): Promise<{ sealed: Promise<Omit<SealedRange, 'pack'>> }> {
    await this.#packs.room();
    await this.#ranges.enter();
    const sealed = this.#error === undefined ? this.#sealRange(range, inspection) : Promise.reject(this.#error);
    sealed
      .then(
        ({ bytes }) => this.#progress?.advance({ bytes }),
        () => {}, // whoever reads the file throws it
      )
      .finally(() => this.#ranges.leave());
    return { sealed };
  }

  async #sealRange(range: FileRange, inspection?: Inspection): Promise<Omit<SealedRange, 'pack'>> {
    this.#bytes += range.bytes;
    const asked = inspection === undefined ? range : { ...range, about: inspection.about };
    const session = this.#threads();
    if (session !== undefined) return session.sealRange(asked, inspection?.module);
    const inspector = inspection === undefined ? undefined : await inspectorOf(inspection.module);
    const { pack, ...sealed } = this.#sealer.sealRange(asked, inspector);
    this.#storeOwn(pack);
    return sealed;
  }

  async #take({ plain, own, inspection, offset = 0 }: PlainChunk): Promise<Buffer> {
    this.#bytes += plain.length;
    const isOwn = own === true && plain.length >= limits.threadedChunkBytesMin;
    const session = isOwn || plain.buffer instanceof SharedArrayBuffer ? this.#threads() : undefined;
    const at = inspection && { offset, about: inspection.about };
    const { id, findings } =
      session === undefined
        ? this.#seal(plain, inspection && (await inspectorOf(inspection.module)), at)
        : await session.seal(plain, inspection?.module, at);
    if (findings.length > 0) inspection?.report(findings);
    return Buffer.from(id.buffer, id.byteOffset, id.length);
  }

  #seal(plain: Buffer, inspector: Inspector | undefined, at: PieceAt | undefined): SealedPiece {
    const sealed = this.#sealer.seal(plain, inspector, at);
    this.#storeOwn(sealed.pack);
    return sealed;
  }

  #storeOwn(pack: BuiltPack | undefined): void {
    if (pack !== undefined) this.#packs.add(pack, () => this.#sealer.recycle(pack.memory));
  }

  #claim(id: Buffer): boolean {
    if (this.#session !== undefined) return this.#session.claim(id);
    const key = id.toString('latin1');
    if (this.#own.has(key) || this.#stored.has(id)) return false;
    this.#own.add(key);
    return true;
  }

  #threads(): SealSession | undefined {
    if (this.#session !== undefined) return this.#session;
    const pool = poolFor(this.#bytes);
    if (pool === undefined) return undefined;
    const { size, ids, onDisk } = this.#stored.shared();
    const known = new KnownIds(size + this.#own.size, onDisk);
    for (const id of ids) known.know(id);
    for (const key of this.#own) known.know(Buffer.from(key, 'latin1'));
    this.#own = new Set();
    // Only chunks that are too small for a thread come here from now on: a whole pack's memory would wait for them until the end.
    this.#storeOwn(this.#sealer.finish());
    this.#sealer.retire();
    this.#session = new SealSession(pool, this.#bundle, known, (pack, recycle) => this.#packs.add(pack, recycle));
    return this.#session;
  }
}

/** What comes after the first range that is short was not there when that one was read. */
function joined(ranges: readonly Omit<SealedRange, 'pack'>[]): SealedFile {
  const pieces: { offset: number; bytes: number; id: Buffer }[] = [];
  const findings: Finding[] = [];
  let at = 0;
  for (const range of ranges) {
    findings.push(...range.findings);
    let offset = at;
    for (const { bytes, id } of range.pieces) {
      if (id !== undefined) pieces.push({ offset, bytes, id: Buffer.from(id.buffer, id.byteOffset, id.length) });
      offset += bytes;
    }
    at += range.bytes;
    if (range.bytes < limits.rangeBytes) break;
  }
  return { bytes: at, pieces, findings };
}
