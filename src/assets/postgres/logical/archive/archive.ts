import { limits } from '../../../../core/index.ts';
import { ArchiveData } from './archive-data.ts';
import {
  incomplete,
  noData,
  unreadable,
  type ArchiveContents,
  type SequenceValue,
  type TocEntry,
} from './archive-format.ts';

/** The versions of the format that PostgreSQL 12 to 18 write, 1.14 to 1.16; another one is refused, not guessed at. */
const minors = { least: 14, compressionNamed: 15, relationKinds: 16 };
const customFormat = 1;

/**
 * Reads a dump as it passes and proves that it is whole: the table of contents to its end, and for each entry with data a block that
 * has its own end. The format says of itself neither how long it is nor that it is complete, so a truncated dump looks like a
 * shorter one. Throws `asset.corrupt`.
 */
export class ArchiveReader {
  #pending: Buffer = Buffer.alloc(0);
  /** Offset in the dump of the first byte that is pending. */
  #offset = 0;
  /** Where in what is pending the next byte to read is. */
  #at = 0;
  #contents = newContents();
  #toc: Generator<number, TocEntry[], void> | undefined = this.#readToc();
  #needed = 0;
  #data: ArchiveData | undefined;
  readonly #mayBeCompressed: boolean;
  #isCompressed = false;

  /** Ours are never compressed, so that rows can be counted; those that others made mostly are. */
  constructor(options: { mayBeCompressed?: boolean } = {}) {
    this.#mayBeCompressed = options.mayBeCompressed ?? false;
  }

  push(piece: Uint8Array): void {
    this.#pending =
      this.#pending.length === 0
        ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
        : Buffer.concat([this.#pending, piece]);
    if (this.#toc !== undefined) this.#goOnWithToc(this.#toc);
    if (this.#data !== undefined) this.#at = this.#data.read(this.#pending, this.#at, this.#offset);
    // A copy: the piece belongs to whoever gave it, who may use its memory again.
    this.#pending = Buffer.from(this.#pending.subarray(this.#at));
    this.#offset += this.#at;
    this.#at = 0;
  }

  /** To be called when the dump is at its end. */
  end(): ArchiveContents {
    if (this.#data === undefined) throw incomplete('inside its table of contents');
    if (this.#pending.length > 0) throw incomplete('inside a block of data');
    const { rows, largeObjects, places } = this.#data.end();
    return { ...this.#contents, rows, largeObjects, places, bytes: this.#offset };
  }

  #goOnWithToc(toc: Generator<number, TocEntry[], void>): void {
    while (this.#pending.length - this.#at >= this.#needed) {
      const next = toc.next();
      if (next.done === true) {
        this.#toc = undefined;
        this.#data = new ArchiveData(next.value, this.#isCompressed);
        return;
      }
      this.#needed = next.value;
    }
  }

  *#readToc(): Generator<number, TocEntry[], void> {
    const minor = yield* this.#readHeader();
    const count = yield* this.#int();
    if (count < 0 || count > limits.dumpEntriesMax) throw unreadable(`it claims ${count} entries`);
    const entries: TocEntry[] = [];
    for (let index = 0; index < count; index += 1) entries.push(yield* this.#readEntry(minor));
    return entries;
  }

  /** The version's second number. */
  *#readHeader(): Generator<number, number, void> {
    const start = yield* this.#bytes(11);
    const [major, minor, , intBytes, offsetBytes, format] = start.subarray(5);
    if (start.toString('latin1', 0, 5) !== 'PGDMP' || format !== customFormat)
      throw unreadable('it is not one of the custom format');
    if (major !== 1 || minor === undefined || minor < minors.least || minor > minors.relationKinds)
      throw unreadable(`its format is ${major}.${minor}, and 1.${minors.least} to 1.${minors.relationKinds} are known`);
    if (intBytes !== 4 || offsetBytes !== 8) throw unreadable('it was made for another kind of machine');
    const compression = minor >= minors.compressionNamed ? (yield* this.#bytes(1))[0] : yield* this.#int();
    this.#isCompressed = compression !== 0;
    if (this.#isCompressed && !this.#mayBeCompressed) throw unreadable('it is compressed');
    for (let index = 0; index < 7; index += 1) yield* this.#int(); // seconds to daylight saving: when it was made
    yield* this.#text(); // the database
    this.#contents.serverVersion = (yield* this.#text()).toString('latin1');
    this.#contents.dumpVersion = (yield* this.#text()).toString('latin1');
    return minor;
  }

  *#readEntry(minor: number): Generator<number, TocEntry, void> {
    const id = yield* this.#int();
    yield* this.#int(); // whether the writer had data for it, which the note at the end says too
    yield* this.#text(); // the catalogue of the object
    const oid = Number(yield* this.#text());
    const name = yield* this.#text();
    const kind = (yield* this.#text()).toString('latin1');
    yield* this.#int(); // the section
    const definition = yield* this.#text();
    yield* this.#text(); // how it is dropped
    yield* this.#text(); // how it is copied
    const schema = yield* this.#text();
    yield* this.#text(); // the tablespace
    yield* this.#text(); // the access method
    if (minor >= minors.relationKinds) yield* this.#int();
    yield* this.#text(); // the owner
    yield* this.#text(); // whether it has OIDs
    while (yield* this.#isText()); // what it depends on
    const noteAt = this.#offset + this.#at;
    const note = yield* this.#bytes(9);
    this.#contents.entries[kind] = (this.#contents.entries[kind] ?? 0) + 1;
    if (kind === 'SEQUENCE SET') this.#addSequence(schema, name, definition);
    return { id, oid, kind, hasData: note[0] !== noData, noteAt };
  }

  #addSequence(schema: Buffer, name: Buffer, definition: Buffer): void {
    const set = /, (-?\d+), (true|false)\);\s*$/.exec(definition.toString('latin1'));
    if (set === null) throw unreadable('a sequence has no value in it');
    const [, value = '', called] = set;
    this.#contents.sequences.push({
      schema: schema.toString('utf8'),
      name: name.toString('utf8'),
      value,
      called: called === 'true',
    });
  }

  *#bytes(count: number): Generator<number, Buffer, void> {
    yield count;
    const bytes = this.#pending.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  *#int(): Generator<number, number, void> {
    const bytes = yield* this.#bytes(5);
    const value = bytes.readUInt32LE(1);
    return bytes[0] === 0 ? value : -value;
  }

  /** Empty for none. */
  *#text(): Generator<number, Buffer, void> {
    const length = yield* this.#int();
    if (length > limits.documentBytesMax) throw unreadable(`it claims a text of ${length} bytes`);
    return length <= 0 ? Buffer.alloc(0) : Buffer.from(yield* this.#bytes(length));
  }

  /** Passes over a text; false for none, which ends a list. */
  *#isText(): Generator<number, boolean, void> {
    const length = yield* this.#int();
    if (length > limits.documentBytesMax) throw unreadable(`it claims a text of ${length} bytes`);
    if (length > 0) yield* this.#bytes(length);
    return length >= 0;
  }
}

interface Gathered {
  serverVersion: string;
  dumpVersion: string;
  readonly entries: Record<string, number>;
  readonly sequences: SequenceValue[];
}

const newContents = (): Gathered => ({ serverVersion: '', dumpVersion: '', entries: {}, sequences: [] });
