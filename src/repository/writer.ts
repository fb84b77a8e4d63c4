import type { CaptureFacts, Entry, EntryHeader } from '../assets/index.ts';
import { assert, isLifeboatError, LifeboatError, limits } from '../core/index.ts';
import type { Store } from '../stores/index.ts';
import type { Catalog } from './catalog.ts';
import { ChunkSink, type StoredIds } from './chunk-sink.ts';
import { Chunker, contentCut, fixedCut, isZeros, type Cut, type Piece as PlainPiece } from './chunker.ts';
import type { DamageLog } from './damage.ts';
import { encodeEntry } from './entry-list.ts';
import { readFileContent } from './file-source.ts';
import { storeIndex } from './index-object.ts';
import { gearTable, type KeyBundle } from './keys.ts';
import { pointName } from './names.ts';
import type { IndexedPack } from './pack-format.ts';
import { PackWriter } from './pack-writer.ts';
import type { Piece } from './pieces.ts';
import { SharedBuffers } from './pool/index.ts';
import { sealPoint } from './point-object.ts';
import { readBack } from './read-back.ts';
import type { Point, PointWriter, WriteOptions } from './repository.ts';
import { closeSession } from './sessions.ts';
import { Gate } from './tasks.ts';
import { requireInside } from './tree-path.ts';

export interface WriterParts {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly catalog: Catalog;
  /** Whether a pack, by its number, is in the store at its full size. */
  readonly present: ReadonlySet<number>;
  readonly id: string;
  /** The repository's own: what a read-back finds is told there. */
  readonly log: DamageLog;
}

/** A piece whose chunk is still being hashed. */
interface ComingPiece {
  readonly offset: number;
  readonly bytes: number;
  readonly id: Promise<Buffer>;
}

export class Writer implements PointWriter {
  readonly #parts: WriterParts;
  readonly #options: WriteOptions;
  readonly #startedMs: number;
  readonly #sink: ChunkSink;
  readonly #cuts: { fixed: Cut; content: Cut };
  readonly #reading = new Gate(limits.filesReadAtOnce);
  readonly #waiting = new Gate(limits.entriesInFlight);
  readonly #list: Chunker;
  readonly #buffers = new SharedBuffers();
  readonly #listPieces: ComingPiece[] = [];
  #listBytes = 0;
  /** Entry after entry in the order of the capture, however their reading ends. */
  #lines: Promise<void> = Promise.resolve();
  #error: unknown;
  #ended = false;
  #files = 0;
  #bytes = 0;
  readonly #torn: string[] = [];
  readonly #vanished: string[] = [];

  constructor(parts: WriterParts, options: WriteOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#startedMs = options.clock.elapsed();
    const { store, bundle, catalog, present } = parts;
    const packs = new PackWriter(store, options.signal);
    this.#sink = new ChunkSink(bundle, packs, storedIds(catalog, present), options.progress);
    this.#cuts = { fixed: fixedCut, content: contentCut(gearTable(bundle)) };
    this.#list = new Chunker(this.#cuts.content, this.#buffers);
  }

  async add(entry: Entry): Promise<void> {
    this.#requireOpen();
    requireInside(entry.path);
    assert(entry.content === undefined || entry.type === 'file', 'only files have content');
    assert(entry.type !== 'symlink' || entry.target !== undefined, 'a link has a target');
    await this.#waiting.enter();
    const { line } = await this.#start(entry);
    // Awaited below in order; a failure of a later one must not look unhandled until then.
    line.catch(() => {});
    this.#lines = this.#lines
      .then(async () => this.#addLine(await line))
      .catch((error: unknown) => void (this.#error ??= error))
      .finally(() => this.#waiting.leave());
  }

  async settle(): Promise<{ vanished: readonly string[] }> {
    await this.#lines;
    this.#requireOpen();
    return { vanished: this.#vanished };
  }

  async commit(facts: CaptureFacts, options: { planHash: string; tool: string }): Promise<Point> {
    this.#requireOpen();
    const { store, bundle, id } = this.#parts;
    const written = await this.#finishList();
    const index = await storeIndex(store, bundle, [...this.#adopted(), ...written]);
    const pieces = await settled(this.#listPieces);
    this.#requireOpen();
    await readBack({
      ...this.#parts,
      written: new Set(written.map(({ pack }) => pack.id)),
      index: index.map(({ name }) => name),
      pieces,
      neededBy: pointName(id),
    });
    const point: Point = {
      id,
      asset: this.#options.asset,
      assetType: this.#options.assetType,
      kind: facts.kind,
      atMs: facts.atMs,
      createdMs: this.#options.clock.now(),
      host: this.#options.host,
      bytes: this.#bytes,
      files: this.#files,
      storedBytes: [...written.map(({ pack }) => pack), ...index].reduce((total, { bytes }) => total + bytes, 0),
      seconds: (this.#options.clock.elapsed() - this.#startedMs) / 1000,
      planHash: options.planHash,
      tool: options.tool,
      facts: {
        ...facts,
        warnings: [...facts.warnings, ...this.#torn.map(tornSentence), ...this.#vanished.map(vanishedSentence)],
      },
    };
    const sealed = await sealPoint(bundle, { point, list: { bytes: this.#listBytes, pieces } });
    this.#requireOpen();
    await createPoint(store, pointName(id), sealed);
    await this.#endSession();
    return point;
  }

  async abandon(): Promise<void> {
    if (this.#ended) return;
    this.#error ??= new LifeboatError('operation.cancelled', 'the backup was abandoned');
    await this.#lines;
    await this.#sink.settle();
    await this.#endSession();
  }

  async #endSession(): Promise<void> {
    this.#ended = true;
    try {
      await closeSession(this.#parts.store, this.#parts.id);
    } catch (error) {
      // The point stands or falls without it: the next writer on this host finds the session and removes it.
      if (!isLifeboatError(error)) throw error;
    }
  }

  /** A stream is read to its end at once; a file's line comes later, but the call waits while many files are being read. */
  async #start(entry: Entry): Promise<{ line: Promise<Buffer> }> {
    if (entry.content?.kind !== 'file') return { line: this.#finishEntry(entry, await this.#readStream(entry)) };
    await this.#reading.enter();
    return { line: this.#readFile(entry).finally(() => this.#reading.leave()) };
  }

  async #readFile(entry: Entry): Promise<Buffer> {
    const { content } = entry;
    assert(content?.kind === 'file', 'a file to read');
    let pieces: ComingPiece[] = [];
    const read = await readFileContent(
      content,
      () => this.#chunkerFor(entry),
      async (piece) => this.#takePiece(piece, pieces),
      () => (pieces = []),
    ).catch((error: unknown) => {
      if (content.mayVanish !== true || !isLifeboatError(error, 'asset.vanished')) throw error;
      return undefined;
    });
    if (read === undefined) {
      this.#vanished.push(entry.path);
      return Buffer.alloc(0);
    }
    if (read.torn) this.#torn.push(entry.path);
    return this.#finishEntry({ ...entry, modifiedNs: read.modifiedNs }, { pieces, bytes: read.bytes, torn: read.torn });
  }

  async #readStream(entry: Entry): Promise<{ pieces: ComingPiece[]; bytes: number; torn: boolean }> {
    const pieces: ComingPiece[] = [];
    if (entry.content?.kind !== 'stream') return { pieces, bytes: 0, torn: false };
    const chunker = this.#chunkerFor(entry);
    let bytes = 0;
    for await (const part of entry.content.read()) {
      bytes += part.length;
      for (const piece of chunker.push(part)) await this.#takePiece(piece, pieces);
    }
    for (const piece of chunker.finish()) await this.#takePiece(piece, pieces);
    return { pieces, bytes, torn: false };
  }

  async #takePiece(piece: PlainPiece, into: ComingPiece[]): Promise<void> {
    this.#requireOpen();
    if (isZeros(piece.plain)) {
      piece.release();
      return this.#options.progress?.advance({ bytes: piece.plain.length });
    }
    const { id } = await this.#sink.submit(piece);
    id.catch(() => {}); // the sink throws it to the next who submits
    into.push({ offset: piece.offset, bytes: piece.plain.length, id });
  }

  async #finishEntry(
    header: EntryHeader,
    read: { pieces: ComingPiece[]; bytes: number; torn: boolean },
  ): Promise<Buffer> {
    const line = encodeEntry(header, read.bytes, read.torn, await settled(read.pieces));
    this.#files += header.type === 'file' ? 1 : 0;
    this.#bytes += read.bytes;
    this.#options.progress?.advance({ items: 1 });
    return line;
  }

  async #addLine(line: Buffer): Promise<void> {
    if (this.#error !== undefined) return;
    this.#listBytes += line.length;
    for (const piece of this.#list.push(line)) await this.#takeListPiece(piece);
  }

  async #takeListPiece(piece: PlainPiece): Promise<void> {
    const { id } = await this.#sink.submit(piece);
    id.catch(() => {}); // as above
    this.#listPieces.push({ offset: piece.offset, bytes: piece.plain.length, id });
  }

  async #finishList(): Promise<IndexedPack[]> {
    await this.#lines;
    this.#requireOpen();
    for (const piece of this.#list.finish()) await this.#takeListPiece(piece);
    const written = await this.#sink.finish();
    this.#requireOpen();
    return written;
  }

  /** Packs that no index covers get into ours, but for those that are distrusted. */
  #adopted(): IndexedPack[] {
    const { catalog, present } = this.#parts;
    return catalog.adopted().filter(({ pack }) => present.has(catalog.numberOf(pack.id) ?? -1));
  }

  #chunkerFor = (entry: Entry): Chunker => new Chunker(this.#cuts[entry.chunking ?? 'content'], this.#buffers);

  #requireOpen(): void {
    if (this.#options.signal?.aborted === true)
      throw new LifeboatError('operation.cancelled', 'the backup was stopped on request');
    if (this.#error !== undefined) throw this.#error;
    assert(!this.#ended, 'a writer is used until commit or abandon');
  }
}

/** A chunk counts as stored only where its pack is present. */
function storedIds({ table }: Catalog, present: ReadonlySet<number>): StoredIds {
  const isPresent = (ordinal: number): boolean => present.has(table.placeOf(ordinal).pack);
  return {
    size: table.size,
    has: (id) => table.find(id, isPresent) >= 0,
    *all() {
      for (let ordinal = 0; ordinal < table.size; ordinal += 1) if (isPresent(ordinal)) yield table.idOf(ordinal);
    },
  };
}

const settled = (pieces: readonly ComingPiece[]): Promise<Piece[]> =>
  Promise.all(pieces.map(async ({ offset, bytes, id }) => ({ offset, bytes, id: await id })));

const tornSentence = (path: string): string =>
  `${path} changed each of the ${limits.rereadsMax + 1} times it was read: its content is a mix of several states`;

const vanishedSentence = (path: string): string =>
  `${path} was removed before it could be read and is not in the point`;

/** Makes the point visible. A point of that name is ours only if it holds the very same bytes (a put that was repeated). */
async function createPoint(store: Store, name: string, sealed: Buffer): Promise<void> {
  try {
    await store.put(name, [sealed], { ifAbsent: true });
  } catch (error) {
    if (!isLifeboatError(error, 'store.exists')) throw error;
    if (!(await store.get(name)).equals(sealed)) throw error;
  }
  if ((await store.get(name)).equals(sealed)) return;
  // A store that keeps something else than it was given: what is visible now is no point, and only we know of it.
  await store.remove(name);
  throw new LifeboatError('repository.damaged', 'the store did not keep the point as it was written', {
    where: name,
    hint: 'Look after its disk or bucket before the next backup.',
  });
}
