import type { FileHandle } from 'node:fs/promises';
import type { Entry, EntryHeader, FileStamp, Inspection } from '../../assets/index.ts';
import { assert, isLifeboatError, limits, Patience } from '../../core/index.ts';
import { Bundler } from './bundle.ts';
import type { ChunkSink } from './chunk-sink.ts';
import { Chunker, contentCut, fixedCut, isZeros, type Cut, type Piece as PlainPiece } from './chunker.ts';
import { storeChangedPages, type ChangedPagesOf } from './pages/changed-pages.ts';
import { settled, type ComingPiece } from './coming-piece.ts';
import { encodeEntry } from '../format/entry-list.ts';
import { EntryLines, type Line } from '../format/entry-lines.ts';
import { readFileContent, sealFileContent, type FileContent, type FileRead } from './file-source.ts';
import { SharedBuffers } from '../pool/index.ts';
import type { OldChunks } from './pages/old-chunks.ts';
import type { EarlierList } from './previous-list.ts';
import type { WriteOptions } from '../repository.ts';
import { readStreamContent, type StreamPiece } from './stream-source.ts';
import { readSmallLater, readSmallNow, type SmallEntry } from './small-file.ts';
import { Gate } from '../tasks.ts';

export interface IntakeParts {
  readonly sink: ChunkSink;
  readonly gear: Uint32Array;
  readonly options: WriteOptions;
  readonly previous: EarlierList | undefined;
  /** What files of fixed pieces are compared with. */
  readonly old: OldChunks;
  /** Throws when the backup was stopped or has failed already. */
  readonly requireOpen: () => void;
}

/** An object around the line, or to await the beginning would be to await the line. */
interface Begun {
  readonly line: Line;
}

interface Read {
  readonly pieces: readonly ComingPiece[];
  readonly bytes: number;
  readonly torn?: boolean;
}

/** Takes the entries of a capture: reads what has changed, hands its chunks to the sink, and makes the entry list. */
export class Intake {
  files = 0;
  bytes = 0;
  /** Files whose content is that of the point before, unread. */
  unread = 0;
  readonly torn: string[] = [];
  readonly vanished: string[] = [];
  readonly #parts: IntakeParts;
  readonly #cuts: { fixed: Cut; content: Cut };
  readonly #buffers = new SharedBuffers();
  readonly #bundler: Bundler;
  readonly #reading = new Gate(limits.filesReadAtOnce);
  readonly #lines = new EntryLines((lines) => this.#addLines(lines));
  readonly #list: Chunker;
  readonly #listPieces: ComingPiece[] = [];
  #listBytes = 0;
  /** Small files that are read through the thread pool come into bundles in the order of the capture. */
  #bundling: Promise<void> = Promise.resolve();
  #behind = 0;
  readonly #patience: Patience;
  /** So many small files more are read through the thread pool. */
  #pooled = 0;
  readonly #gone = new Set<string>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#cuts = { fixed: fixedCut, content: contentCut(parts.gear) };
    this.#list = new Chunker(this.#cuts.content, this.#buffers);
    this.#patience = new Patience(parts.options.clock, limits.smallReadMs);
    this.#bundler = new Bundler(parts.gear, this.#buffers, (chunk) => parts.sink.submit(chunk));
  }

  /** Returns when the next entry may come; the content of a file may still be read then. */
  async add(entry: Entry): Promise<void> {
    if (this.#lines.full) {
      await this.#bundling;
      await this.#bundler.close();
    }
    await this.#lines.room();
    this.#lines.add((await this.#begin(entry)).line);
    if (this.#behind === 0) await this.#bundler.count();
  }

  /** Waits until all content is read. Throws the first error. */
  async settle(): Promise<void> {
    await this.#bundling;
    await this.#bundler.close();
    await this.#lines.done();
  }

  /** Waits for what is under way, however it ends. */
  async abandon(): Promise<void> {
    await this.#bundling;
    // Whatever went wrong before is known to whoever abandons.
    await this.#bundler.close().catch(() => {});
    await this.#lines.ended();
  }

  /** The entry list, complete; its last chunks may still be hashed. */
  async finish(): Promise<{ bytes: number; pieces: readonly ComingPiece[] }> {
    await this.settle();
    for (const piece of this.#list.finish()) await this.#takeListPiece(piece);
    return { bytes: this.#listBytes, pieces: this.#listPieces };
  }

  async #begin(entry: Entry): Promise<Begun> {
    if (entry.type === 'hardlink') return { line: () => this.#hardLink(entry) };
    if (entry.content === undefined) return this.#finished(entry, { pieces: [], bytes: 0 });
    if (entry.content.kind === 'stream') return this.#finished(entry, await this.#readStream(entry));
    const known = entry.reread === true ? undefined : await this.#parts.previous?.find(entry);
    if (known !== undefined) return this.#takeOver(entry, known);
    if (isSmall(entry)) return this.#readSmall(entry);
    return this.#readInTurn(entry, await this.#oldPagesOf(entry));
  }

  #takeOver(entry: Entry, line: string): Begun {
    const bytes = entry.bytesExpected as number;
    this.unread += 1;
    this.#parts.options.progress?.advance({ bytes });
    this.#count(entry, bytes);
    return { line };
  }

  async #readSmall(entry: SmallEntry): Promise<Begun> {
    if (this.#behind > 0 || this.#pooled > 0) return this.#readSmallBehind(entry);
    const room = this.#bundler.room();
    const good = this.#patience.measure(() => readSmallNow(entry, room));
    if (this.#patience.isLost) {
      this.#patience.regain();
      this.#pooled = limits.smallReadsInPool;
    }
    return good ? this.#bundled(entry, room.subarray(0, entry.bytesExpected)) : this.#readInTurn(entry);
  }

  /** Through the thread pool, several at a time. */
  async #readSmallBehind(entry: SmallEntry): Promise<Begun> {
    while (this.#behind >= limits.smallReadsBehindMax) await this.#bundling;
    this.#pooled = Math.max(0, this.#pooled - 1);
    this.#behind += 1;
    const read = this.#reading.run(() => readSmallLater(entry));
    const begun = this.#bundling.then(async () => {
      const bytes = await read;
      if (bytes === undefined) return this.#readInTurn(entry);
      const room = this.#bundler.room();
      bytes.copy(room);
      return this.#bundled(entry, room.subarray(0, bytes.length));
    });
    const ended = (): void => void (this.#behind -= 1);
    this.#bundling = begun.then(ended, ended);
    return { line: begun.then(({ line }) => (typeof line === 'function' ? line() : line)) };
  }

  /** `plain` lies in the bundler's room. */
  async #bundled(entry: SmallEntry, plain: Buffer): Promise<Begun> {
    const bytes = plain.length;
    const hollow = bytes === 0 || isZeros(plain);
    return this.#finished(entry, { pieces: hollow ? [] : [await this.#bundler.take(bytes)], bytes });
  }

  /** Returns when the file's turn to be read has come; its line comes later. */
  async #readInTurn(entry: Entry, pages?: ChangedPagesOf): Promise<Begun> {
    await this.#reading.enter();
    return { line: this.#readFile(entry, pages).finally(() => this.#reading.leave()) };
  }

  async #oldPagesOf({ path, pageBytes }: Entry): Promise<ChangedPagesOf | undefined> {
    const lines = pageBytes === undefined ? undefined : await this.#parts.previous?.linesOf(path);
    if (lines === undefined || pageBytes === undefined) return undefined;
    const { sink, old, options, requireOpen } = this.#parts;
    const submit: ChangedPagesOf['submit'] = (chunk) => (requireOpen(), sink.submit(chunk));
    const kept = (bytes: number): void => options.progress?.advance({ bytes });
    return { lines, pageBytes, old, buffers: this.#buffers, submit, kept };
  }

  async #readFile(entry: Entry, pages?: ChangedPagesOf): Promise<string> {
    const { content } = entry;
    assert(content?.kind === 'file', 'a file to read');
    let pieces: ComingPiece[] = [];
    const restart = (): void => void (pieces = []);
    const reading =
      entry.chunking === 'fixed'
        ? sealFileContent(content, (file, bytes) => this.#sealFile(file, bytes, content, pieces, pages), restart)
        : readFileContent(
            content,
            () => this.#chunkerFor(entry),
            (piece) => this.#takePiece(piece, pieces),
            restart,
          );
    const read = await reading.catch((error: unknown) => {
      if ((content.mayVanish ?? false) === false || !isLifeboatError(error, 'asset.vanished')) throw error;
      return undefined;
    });
    if (read === undefined) {
      if (content.mayVanish !== 'expected') this.vanished.push(entry.path);
      if (entry.linked === true) this.#gone.add(entry.path);
      return '';
    }
    if (read.torn) this.torn.push(entry.path);
    return this.#finished(content.standIn === true ? entry : asRead(entry, read), {
      pieces,
      bytes: read.bytes,
      torn: read.torn,
    }).line;
  }

  async #sealFile(
    file: FileHandle,
    bytes: number,
    { inspection }: FileContent,
    into: ComingPiece[],
    pages: ChangedPagesOf | undefined,
  ): Promise<number> {
    this.#parts.requireOpen();
    if (pages !== undefined) return storeChangedPages(file, bytes, pages, into);
    const sealed = await this.#parts.sink.sealFile(file, bytes, inspection);
    if (sealed.findings.length > 0) inspection?.report(sealed.findings);
    for (const { offset, bytes: length, id } of sealed.pieces)
      into.push({ offset, bytes: length, id: Promise.resolve(id) });
    return sealed.bytes;
  }

  /** Its file came before; if that went away before it was read, what this name leads to is read instead. */
  async #hardLink(entry: Entry): Promise<string> {
    if (!this.#gone.has(entry.target as string)) return this.#finished(entry, { pieces: [], bytes: 0 }).line;
    const { target: _, ...rest } = entry;
    return this.#readFile({ ...rest, type: 'file' });
  }

  /** A stream is read to its end at once. */
  async #readStream(entry: Entry): Promise<Read> {
    const pieces: ComingPiece[] = [];
    assert(entry.content?.kind === 'stream', 'a stream to read');
    const { inspection } = entry.content;
    const take = (piece: StreamPiece): Promise<void> => this.#takePiece(piece, pieces, inspection);
    return { pieces, bytes: await readStreamContent(entry.content, () => this.#chunkerFor(entry), take) };
  }

  async #takePiece(piece: StreamPiece, into: ComingPiece[], inspection?: Inspection): Promise<void> {
    this.#parts.requireOpen();
    const { plain, offset } = piece;
    // A thread that is given it takes it away.
    const bytes = plain.length;
    if (isZeros(plain)) {
      piece.release();
      return this.#parts.options.progress?.advance({ bytes });
    }
    const { id } = await this.#parts.sink.submit(inspection === undefined ? piece : { ...piece, inspection });
    id.catch(() => {}); // the sink throws it to the next who submits
    into.push({ offset, bytes, id });
  }

  #finished(header: EntryHeader, { pieces, bytes, torn = false }: Read): { line: string | Promise<string> } {
    this.#count(header, bytes);
    if (pieces.length === 0) return { line: encodeEntry(header, bytes, torn, []) };
    return { line: settled(pieces).then((whole) => encodeEntry(header, bytes, torn, whole)) };
  }

  #count({ type }: EntryHeader, bytes: number): void {
    this.files += type === 'file' || type === 'hardlink' ? 1 : 0;
    this.bytes += bytes;
    this.#parts.options.progress?.advance({ items: 1 });
  }

  async #addLines(lines: Buffer): Promise<void> {
    this.#listBytes += lines.length;
    for (const piece of this.#list.push(lines)) await this.#takeListPiece(piece);
  }

  async #takeListPiece(piece: PlainPiece): Promise<void> {
    const { id } = await this.#parts.sink.submit(piece);
    id.catch(() => {}); // as above
    this.#listPieces.push({ offset: piece.offset, bytes: piece.plain.length, id });
  }

  #chunkerFor = (entry: Entry): Chunker => new Chunker(this.#cuts[entry.chunking ?? 'content'], this.#buffers);
}

const isSmall = (entry: Entry): entry is SmallEntry =>
  entry.content?.kind === 'file' &&
  entry.chunking !== 'fixed' &&
  entry.stamp !== undefined &&
  (entry.bytesExpected ?? Infinity) <= limits.bundledFileBytesMax;

/** Times and numbers are those of what was read, which may be younger than what the capture saw. */
function asRead(entry: Entry, { modifiedNs, stamp, sparse }: FileRead): Entry {
  const { inode, device, changedNs } = stamp;
  const own: FileStamp | undefined = entry.stamp && {
    changedNs,
    ...(entry.stamp.inode === undefined ? {} : { inode }),
    ...(entry.stamp.device === undefined ? {} : { device }),
  };
  return { ...entry, modifiedNs, ...(sparse ? { sparse } : {}), ...(own === undefined ? {} : { stamp: own }) };
}
