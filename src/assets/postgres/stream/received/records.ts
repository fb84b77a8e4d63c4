/** What the log says that people ask for by time, number or name. `end` is the position behind the record. */
export type LogEvent =
  | { readonly kind: 'commit'; readonly end: bigint; readonly atMs: number; readonly transaction: number }
  | { readonly kind: 'abort'; readonly end: bigint; readonly atMs: number; readonly transaction: number }
  | { readonly kind: 'name'; readonly end: bigint; readonly atMs: number; readonly name: string };

export const pageBytes = 8192;
const shortHeader = 24;
const longHeader = 40;
const recordHeader = 24;
/** Of a record's body: enough for the times and names that stand at its start. */
const bodyBytesMax = 160;
/** XLogRecordMaxSize since PostgreSQL 16; before that nothing larger was ever of use. */
const recordBytesMax = 1020 * 2 ** 20;
const resourceLog = 0;
const resourceTransaction = 1;
const epochMs = 946_684_800_000;

/**
 * Walks the records of a log as it arrives and tells of commits and named places. It starts at the start of a segment; what it
 * cannot follow (zeros behind the end, a switch to the next segment) it skips to the next segment. A busy server writes hundreds of thousands of
 * records a second: for one that nobody looks at nothing is made that would have to be collected.
 */
export class RecordWalker {
  readonly #segmentBytes: number;
  readonly #tell: (event: LogEvent) => void;
  /** The position is in this segment, */
  #segment: bigint;
  /** so far behind its start. */
  #inSegment = 0;
  /** Behind the last whole record, likewise. */
  #endSegment: bigint;
  #endInSegment = 0;
  readonly #page = Buffer.alloc(longHeader);
  #pageFilled = 0;
  #pageWanted = 0;
  /** The start of a record whose other bytes are still to come. */
  readonly #head = Buffer.alloc(recordHeader);
  #headFilled = 0;
  #resource = 0;
  #info = 0;
  #transaction = 0;
  readonly #body = Buffer.alloc(bodyBytesMax);
  #bodyFilled = 0;
  #bodyWanted = 0;
  /** Bytes of the log, page headers not counted, that belong to nothing we look at. */
  #skip = 0;
  #left = 0;
  /** Nothing is understood until the next segment starts. */
  #lost = true;
  #hasEnded = false;
  /** The page that the log ended before, if it did not end within one. */
  #missing: bigint | undefined;

  constructor(start: bigint, segmentBytes: number, tell: (event: LogEvent) => void) {
    this.#segment = start;
    this.#endSegment = start;
    this.#segmentBytes = segmentBytes;
    this.#tell = tell;
  }

  /** Whether the log ended before what was pushed did: zeros, or pages of an earlier use. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Behind the last whole record. */
  get end(): bigint {
    return this.#endSegment + BigInt(this.#endInSegment);
  }

  /**
   * Behind what its server may have sent of the log that was pushed: of a record that it was writing when it died, the pages before the one that never came to
   * the disk were flushed.
   */
  get endOfPages(): bigint {
    return this.#missing ?? (this.#lost ? this.end : this.#segment + BigInt(this.#inSegment));
  }

  /** The bytes that follow; of a part of the buffer, from its `from` to before its `to`. */
  push(bytes: Buffer, from = 0, to = bytes.length): void {
    for (let at = from; at < to;) {
      const inPage = this.#inSegment % pageBytes;
      if (inPage === 0 && this.#pageWanted === 0) this.#beginPage();
      const end = Math.min(to, at + pageBytes - inPage);
      const taken = this.#pageWanted > 0 ? this.#takePageHeader(bytes, at, end) : this.#takeRecord(bytes, at, end);
      at += taken;
      this.#goOn(taken);
      if (this.#pageWanted > 0 && this.#pageFilled === this.#pageWanted) this.#endPageHeader();
      else if (this.#left === 0 && !this.#lost && this.#headFilled === recordHeader) this.#endRecord();
    }
  }

  /** Pages, and so what is taken at once, lie in one segment. */
  #goOn(bytes: number): void {
    this.#inSegment += bytes;
    if (this.#inSegment < this.#segmentBytes) return;
    this.#inSegment = 0;
    this.#segment += BigInt(this.#segmentBytes);
  }

  #beginPage(): void {
    this.#pageFilled = 0;
    const isSegmentStart = this.#inSegment === 0;
    this.#pageWanted = isSegmentStart ? longHeader : shortHeader;
    if (isSegmentStart && this.#lost) this.#headFilled = 0;
  }

  #takePageHeader(bytes: Buffer, at: number, end: number): number {
    const taken = bytes.copy(this.#page, this.#pageFilled, at, Math.min(end, at + this.#pageWanted - this.#pageFilled));
    this.#pageFilled += taken;
    return taken;
  }

  #endPageHeader(): void {
    const isSegmentStart = this.#pageWanted === longHeader;
    const start = this.#segment + BigInt(this.#inSegment - this.#pageWanted);
    this.#pageWanted = 0;
    // A page of zeros, or of a segment that was used before: the log ends before it.
    if (this.#page.readBigUInt64LE(8) !== start) {
      if (!this.#lost) this.#missing = start;
      this.#loseEnd();
    } else if (isSegmentStart && this.#lost) {
      this.#lost = false;
      this.#headFilled = 0;
      this.#left = 0;
      // The rest of a record that began in the segment before.
      this.#skip = this.#page.readUInt32LE(16);
    }
  }

  #takeRecord(bytes: Buffer, at: number, end: number): number {
    if (this.#lost) return end - at;
    if (this.#skip > 0) {
      const taken = Math.min(this.#skip, end - at);
      this.#skip -= taken;
      return taken;
    }
    if (this.#headFilled === 0) {
      const padding = -this.#inSegment & 7;
      if (padding > 0) return Math.min(padding, end - at);
    }
    return this.#headFilled < recordHeader ? this.#takeHead(bytes, at, end) : this.#takeBody(bytes, at, end);
  }

  #takeHead(bytes: Buffer, at: number, end: number): number {
    const taken = Math.min(end - at, recordHeader - this.#headFilled);
    // Nearly all of them come whole.
    const isWhole = taken === recordHeader;
    if (!isWhole) bytes.copy(this.#head, this.#headFilled, at, at + taken);
    this.#headFilled += taken;
    if (this.#headFilled === recordHeader) this.#beginRecord(isWhole ? bytes : this.#head, isWhole ? at : 0);
    return taken;
  }

  #beginRecord(head: Buffer, at: number): void {
    const total = head.readUInt32LE(at);
    if (total < recordHeader || total > recordBytesMax) return this.#loseEnd();
    this.#transaction = head.readUInt32LE(at + 4);
    this.#info = head[at + 16] as number;
    this.#resource = head[at + 17] as number;
    this.#left = total - recordHeader;
    this.#bodyFilled = 0;
    this.#bodyWanted = this.#isWanted() ? Math.min(this.#left, bodyBytesMax) : 0;
  }

  #takeBody(bytes: Buffer, at: number, end: number): number {
    const taken = Math.min(end - at, this.#left);
    if (this.#bodyFilled < this.#bodyWanted) {
      const wanted = Math.min(taken, this.#bodyWanted - this.#bodyFilled);
      this.#bodyFilled += bytes.copy(this.#body, this.#bodyFilled, at, at + wanted);
    }
    this.#left -= taken;
    return taken;
  }

  #isWanted(): boolean {
    if (this.#resource === resourceTransaction) {
      const kind = this.#info & 0x70;
      return kind === 0x00 || kind === 0x20 || kind === 0x30 || kind === 0x40;
    }
    return this.#resource === resourceLog && (this.#info & 0xf0) === 0x70;
  }

  #endRecord(): void {
    this.#headFilled = 0;
    this.#endSegment = this.#segment;
    this.#endInSegment = this.#inSegment + (-this.#inSegment & 7);
    // The rest of the segment behind a switch is empty.
    if (this.#resource === resourceLog && (this.#info & 0xf0) === 0x40) {
      this.#endInSegment = this.#inSegment === 0 ? 0 : this.#segmentBytes;
      return this.#lose();
    }
    if (this.#bodyWanted === 0) return;
    const data = mainData(this.#body.subarray(0, this.#bodyFilled));
    if (data === undefined || data.length < 8) return;
    const atMs = Math.trunc(microsecondsOf(data) / 1000) + epochMs;
    const { end } = this;
    if (this.#resource === resourceLog) {
      const name = data.subarray(8, 72);
      const length = name.indexOf(0);
      this.#tell({ kind: 'name', end, atMs, name: name.subarray(0, length < 0 ? undefined : length).toString('utf8') });
      return;
    }
    const kind = [0x00, 0x30].includes(this.#info & 0x70) ? 'commit' : 'abort';
    this.#tell({ kind, end, atMs, transaction: this.#transaction });
  }

  #loseEnd(): void {
    // Behind a switch the rest of the segment is empty, and nothing is looked for in it.
    if (!this.#lost) this.#hasEnded = true;
    this.#lose();
  }

  #lose(): void {
    this.#lost = true;
    this.#headFilled = 0;
    this.#left = 0;
    this.#skip = 0;
  }
}

/** Exact in a double for 285 years from 2000 on. */
const microsecondsOf = (data: Buffer): number => data.readInt32LE(4) * 2 ** 32 + data.readUInt32LE(0);

/** The record's own data, behind what says how long it is; records of these kinds touch no blocks. */
function mainData(body: Buffer): Buffer | undefined {
  for (let at = 0; at < body.length;) {
    const id = body[at];
    if (id === 0xff) return body.subarray(at + 2);
    if (id === 0xfe) return body.subarray(at + 5);
    if (id === 0xfd) at += 3;
    else if (id === 0xfc) at += 5;
    else return undefined;
  }
  return undefined;
}
