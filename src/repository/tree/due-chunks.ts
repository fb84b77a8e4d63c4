import { free, LifeboatError, limits, type Progress } from '../../core/index.ts';
import type { OpenFiles, TargetFile } from './open-files.ts';
import type { LocalPacks, Placed } from '../read/local-packs.ts';
import type { Consumer } from '../read/open-places.ts';
import type { PackReader } from '../read/pack-reader.ts';
import { locatePiece, requireFitting, type Piece } from '../read/pieces.ts';
import { poolFor, type OpenTarget, type Pool } from '../pool/index.ts';
import { forEachOf, inLanes } from '../tasks.ts';
import { regionsOf, type Region, type RegionPart } from './regions.ts';

interface Destination {
  readonly file: TargetFile;
  readonly piece: Piece;
}

/** By pack, then by the ordinal of the chunk: where its bytes belong. */
type Due = Map<number, Map<number, Destination[]>>;

interface DueParts {
  readonly reader: PackReader;
  readonly progress: Progress;
  /** The point's object, for errors. */
  readonly object: string;
  readonly signal?: AbortSignal;
}

/** Pieces of files that are to be written, gathered by pack so that each pack is read once for all of them. */
export class DueChunks {
  readonly #parts: DueParts;
  readonly #open: OpenFiles;
  #due: Due = new Map();
  #files = 0;
  #pieces = 0;
  #bytes = 0;

  constructor(parts: DueParts, open: OpenFiles) {
    this.#parts = parts;
    this.#open = open;
  }

  get isFull(): boolean {
    return this.#pieces >= limits.piecesPerBatch || this.#files >= limits.filesPerBatch;
  }

  async add(file: TargetFile, pieces: readonly Piece[]): Promise<void> {
    const { reader, object } = this.#parts;
    const { table } = reader.catalog;
    for (const piece of pieces) {
      const known = reader.catalog.find(piece.id);
      const ordinal = known >= 0 ? known : await locatePiece(reader, piece, object);
      const { pack, plainBytes } = table.placeOf(ordinal);
      requireFitting(piece, plainBytes, object);
      addTo(this.#due, pack, ordinal, { file, piece });
      this.#bytes += piece.bytes;
    }
    this.#files += 1;
    this.#pieces += pieces.length;
  }

  /** Writes all that is due. Throws when all that was begun has ended. */
  async write(): Promise<void> {
    const due = this.#due;
    const bytes = this.#bytes;
    this.#due = new Map();
    this.#files = 0;
    this.#pieces = 0;
    this.#bytes = 0;
    const { local } = this.#parts.reader;
    if (local === undefined) return this.#writePacks(due, poolFor(bytes));
    const { regions, rest } = this.#split(due);
    // Of small files nothing is for threads: they would be started in vain.
    const pool = poolFor(regions.reduce((sum, region) => sum + bytesOf(region), 0));
    if (pool === undefined) return this.#writePacks(due, undefined);
    const again: Due = new Map();
    // What is shared by many small files is cut up here, while threads write the large ones.
    const ended = await Promise.allSettled([
      this.#writeRegions(regions, local, pool, again),
      this.#writePacks(rest, undefined),
    ]);
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
    await this.#writePacks(again, undefined);
  }

  /** Whole chunks, and the parts of them that large files are made of, by the files that they belong to; and whatever else is due. */
  #split(due: Due): { regions: Region[]; rest: Due } {
    const files = new Map<TargetFile, RegionPart[]>();
    const rest: Due = new Map();
    for (const [pack, ordinals] of due) {
      for (const [ordinal, destinations] of ordinals) {
        const isWhole = this.#isWhole(ordinal, ordinals);
        for (const { file, piece } of destinations) {
          if (!isWhole && !isPartOfLarge(file, piece)) addTo(rest, pack, ordinal, { file, piece });
          else if (!files.get(file)?.push({ ordinal, piece })) files.set(file, [{ ordinal, piece }]);
        }
      }
    }
    return { regions: regionsOf(files), rest };
  }

  /** Each file in stretches, by threads that keep to files of their own; what they cannot read is put into `again`. */
  async #writeRegions(regions: readonly Region[], local: LocalPacks, pool: Pool, again: Due): Promise<void> {
    await inLanes(regions, pool.threads.length, limits.regionsAtOnce, async (region, lane) => {
      this.#requireGoing();
      const bad = new Map<Placed, RegionPart>();
      const { file, parts } = region;
      const held = this.#open.borrow(file);
      let left = parts.length;
      try {
        const direct = isDense(region) ? this.#open.direct(file) : undefined;
        const placed: Placed[] = parts.map((part) => this.#placed(part, { file: held, direct }));
        for (const one of await local.place(placed, pool, lane)) bad.set(one, parts[placed.indexOf(one)] as RegionPart);
        left = bad.size;
      } finally {
        this.#open.giveBack(file, parts.length - left);
      }
      for (const { ordinal, piece } of bad.values())
        addTo(again, this.#parts.reader.catalog.table.packOf(ordinal), ordinal, { file, piece });
      this.#parts.progress.advance({
        bytes: bytesOf(region) - [...bad.values()].reduce((sum, { piece }) => sum + piece.bytes, 0),
      });
    });
  }

  #placed({ ordinal, piece }: RegionPart, into: Omit<OpenTarget, 'offset'>): Placed {
    const { offset, bytes, from = 0 } = piece;
    const isAll = bytes === this.#parts.reader.catalog.table.placeOf(ordinal).plainBytes;
    return { ordinal, target: { ...into, offset }, ...(isAll ? {} : { part: { from, bytes } }) };
  }

  /** Each pack once for all that is needed of it; what is bad there is taken from elsewhere. */
  async #writePacks(due: Due, pool: Pool | undefined): Promise<void> {
    const failed: { ordinal: number; error: Error; destinations: Destination[] }[] = [];
    // Neighbours in a file stand in neighbouring packs, and two threads that write to one file wait for each other.
    const lanes = pool?.threads.length ?? 1;
    await inLanes([...due], lanes, this.#parts.reader.packsAtOnce, async ([pack, ordinals], lane) => {
      const bad = (ordinal: number, error: Error): void =>
        void failed.push({ ordinal, error, destinations: ordinals.get(ordinal) as Destination[] });
      await this.#writePack(pack, ordinals, pool, lane, bad);
      this.#requireGoing();
    });
    const { reader, signal } = this.#parts;
    for (const { ordinal, error, destinations } of failed) {
      const plain = await reader.elsewhere(reader.catalog.table.idOf(ordinal), ordinal, error, { signal });
      await this.#writeChunk(plain, destinations);
      free(plain);
    }
  }

  /** Whole chunks are written by threads; what is shared by many small files is cut up here. */
  async #writePack(
    pack: number,
    ordinals: ReadonlyMap<number, Destination[]>,
    pool: Pool | undefined,
    lane: number,
    bad: (ordinal: number, error: Error) => void,
  ): Promise<void> {
    const { reader, signal } = this.#parts;
    const all = [...ordinals.keys()];
    const forThreads = pool === undefined ? [] : all.filter((ordinal) => this.#isWhole(ordinal, ordinals));
    if (pool !== undefined && forThreads.length > 0)
      await reader.consume(pack, forThreads, this.#consumer(ordinals, bad), pool, { signal, lane });
    const threaded = new Set(forThreads);
    const here = all.filter((ordinal) => !threaded.has(ordinal));
    if (here.length === 0) return;
    const take = async (ordinal: number, plain: Buffer): Promise<void> => {
      this.#requireGoing();
      await this.#writeChunk(plain, ordinals.get(ordinal) as Destination[]);
      free(plain);
    };
    await reader.chunks(pack, here, take, bad, { signal });
  }

  #isWhole(ordinal: number, ordinals: ReadonlyMap<number, Destination[]>): boolean {
    const { plainBytes } = this.#parts.reader.catalog.table.placeOf(ordinal);
    if (plainBytes < limits.threadedChunkBytesMin) return false;
    return (ordinals.get(ordinal) as Destination[]).every(
      ({ file, piece }) => piece.bytes === plainBytes && file.entry.sparse !== true,
    );
  }

  /** Threads write to the files that are open here. */
  #consumer(ordinals: ReadonlyMap<number, Destination[]>, bad: (ordinal: number, error: Error) => void): Consumer {
    const due = (ordinal: number): Destination[] => ordinals.get(ordinal) as Destination[];
    const lent = new Set<number>();
    return {
      targets: async (ordinal) => {
        const targets: OpenTarget[] = [];
        lent.add(ordinal);
        for (const { file, piece } of due(ordinal)) {
          targets.push({ file: this.#open.borrow(file), offset: piece.offset });
        }
        return targets;
      },
      done: async (ordinal, error) => {
        // Where the pack does not come, no thread was given its chunks.
        if (lent.delete(ordinal))
          for (const { file } of due(ordinal)) this.#open.giveBack(file, error === undefined ? 1 : 0);
        if (error !== undefined) return bad(ordinal, error);
        for (const { piece } of due(ordinal)) this.#parts.progress.advance({ bytes: piece.bytes });
      },
    };
  }

  async #writeChunk(chunk: Buffer, destinations: readonly Destination[]): Promise<void> {
    await forEachOf(destinations, limits.filesMadeAtOnce, async ({ file, piece }) => {
      const { offset, bytes, from = 0 } = piece;
      const plain = chunk.subarray(from, from + bytes);
      const isAll = file.pieces === 1 && !file.made && offset === 0 && file.entry.sparse !== true;
      if (isAll) await this.#open.writeWhole(file, plain);
      else this.#open.write(file, plain, offset);
      this.#parts.progress.advance({ bytes });
    });
  }

  #requireGoing(): void {
    if (this.#parts.signal?.aborted === true)
      throw new LifeboatError('operation.cancelled', 'the restore was stopped on request');
  }
}

const bytesOf = ({ parts }: Region): number => parts.reduce((sum, { piece }) => sum + piece.bytes, 0);

/** Pages here and there are gathered by the system's cache better than by us, and whoever reads the file next finds them. */
function isDense(region: Region): boolean {
  const { file, parts } = region;
  const [first, last] = [parts[0]?.piece, parts.at(-1)?.piece];
  if (first === undefined || last === undefined || file.entry.bytes < limits.directFileBytesMin) return false;
  return bytesOf(region) * 2 >= last.offset + last.bytes - first.offset;
}

/** A file of which only changed pages were stored: threads put it together. */
function isPartOfLarge({ entry }: TargetFile, { offset, bytes }: Piece): boolean {
  if (entry.sparse === true || entry.bytes < limits.directFileBytesMin || bytes === 0) return false;
  return Math.floor(offset / limits.fixedChunkBytes) === Math.floor((offset + bytes - 1) / limits.fixedChunkBytes);
}

function addTo(due: Due, pack: number, ordinal: number, destination: Destination): void {
  const ordinals = due.get(pack) ?? new Map<number, Destination[]>();
  due.set(pack, ordinals);
  const destinations = ordinals.get(ordinal);
  if (destinations === undefined) ordinals.set(ordinal, [destination]);
  else destinations.push(destination);
}
