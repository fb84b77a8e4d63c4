import { incomplete, unreadable, type ArchiveContents, type TocEntry } from './archive-format.ts';

const [tableBlock, largeObjectsBlock] = [1, 3];
const newline = 0x0a;
/** Ends the rows of a table; inside a row a line break is written with a backslash. */
const endOfRows = Buffer.from('\\.\n\n\n');
const linesAfterRows = 3;
const intBytes = 5;

type State = 'block' | 'chunk' | 'bytes' | 'largeObject';

/**
 * The blocks of data behind the table of contents: for a table its rows as COPY writes them, for large objects their bytes; each in
 * chunks with a length, ended by a length of zero. Written for speed: a chunk is often a single row.
 */
export class ArchiveData {
  readonly #awaited: Map<number, TocEntry>;
  readonly #rows: { oid: number; rows: number }[] = [];
  readonly #places: { noteAt: number; dataAt: number }[] = [];
  #largeObjects = 0;
  #state: State = 'block';
  #entry: TocEntry | undefined;
  #isTable = true;
  #chunkLeft = 0;
  #lines = 0;
  readonly #last = Buffer.alloc(endOfRows.length);

  /** Whether the bytes of chunks are compressed, so that no rows can be counted in them. */
  readonly #isCompressed: boolean;

  constructor(entries: readonly TocEntry[], isCompressed = false) {
    this.#isCompressed = isCompressed;
    this.#awaited = new Map(entries.filter(({ hasData }) => hasData).map((entry) => [entry.id, entry]));
  }

  /** Reads on from `at` as far as the bytes go; returns the place of the first that it left. `offset` is that of `bytes` in the dump. */
  read(bytes: Buffer, at: number, offset: number): number {
    let place = at;
    while (place < bytes.length) {
      if (this.#state === 'bytes') {
        place = this.#pass(bytes, place);
      } else if (this.#state === 'block') {
        if (bytes.length - place < 1 + intBytes) return place;
        this.#openBlock(bytes[place] as number, readInt(bytes, place + 1), offset + place);
        place += 1 + intBytes;
      } else {
        if (bytes.length - place < intBytes) return place;
        this.#open(readInt(bytes, place));
        place += intBytes;
      }
    }
    return place;
  }

  end(): Pick<ArchiveContents, 'rows' | 'largeObjects' | 'places'> {
    if (this.#state !== 'block') throw incomplete('inside a block of data');
    const [missing] = this.#awaited.values();
    if (missing !== undefined)
      throw incomplete(`before the data of ${this.#awaited.size} of its entries (${missing.kind} ${missing.id})`);
    return { rows: this.#rows, largeObjects: this.#largeObjects, places: this.#places };
  }

  #openBlock(type: number, id: number, dataAt: number): void {
    if (type !== tableBlock && type !== largeObjectsBlock)
      throw unreadable(`it holds a block of the unknown type ${type}`);
    const entry = this.#awaited.get(id);
    if (entry === undefined) throw unreadable(`it holds data of ${id}, which its table of contents does not know`);
    this.#awaited.delete(id);
    this.#places.push({ noteAt: entry.noteAt, dataAt });
    this.#entry = entry;
    this.#isTable = type === tableBlock;
    this.#lines = 0;
    this.#state = this.#isTable ? 'chunk' : 'largeObject';
  }

  /** The number of a large object, or the length of a chunk; zero ends what holds them. */
  #open(value: number): void {
    if (this.#state === 'largeObject') {
      if (value !== 0) this.#largeObjects += 1;
      this.#state = value === 0 ? 'block' : 'chunk';
    } else if (value > 0) {
      this.#chunkLeft = value;
      this.#state = 'bytes';
    } else if (value < 0) {
      throw unreadable('a chunk has a negative length');
    } else if (this.#isTable) {
      this.#endTable();
      this.#state = 'block';
    } else {
      this.#state = 'largeObject';
    }
  }

  #pass(bytes: Buffer, at: number): number {
    const end = Math.min(at + this.#chunkLeft, bytes.length);
    this.#chunkLeft -= end - at;
    if (this.#chunkLeft === 0) this.#state = 'chunk';
    if (!this.#isTable || this.#isCompressed) return end;
    for (
      let found = bytes.indexOf(newline, at);
      found !== -1 && found < end;
      found = bytes.indexOf(newline, found + 1)
    ) {
      this.#lines += 1;
    }
    this.#remember(bytes, at, end);
    return end;
  }

  /** Keeps the last few bytes of the table. */
  #remember(bytes: Buffer, at: number, end: number): void {
    const kept = Math.min(end - at, this.#last.length);
    this.#last.copyWithin(0, kept);
    bytes.copy(this.#last, this.#last.length - kept, end - kept, end);
  }

  #endTable(): void {
    if (this.#isCompressed) return;
    if (this.#lines < linesAfterRows || !this.#last.equals(endOfRows))
      throw unreadable('the rows of a table have no end');
    this.#rows.push({ oid: this.#entry?.oid ?? 0, rows: this.#lines - linesAfterRows });
  }
}

const readInt = (bytes: Buffer, at: number): number => {
  const value = bytes.readUInt32LE(at + 1);
  return bytes[at] === 0 ? value : -value;
};
