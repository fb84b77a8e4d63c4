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
 * cannot follow (zeros behind the end, a switch to the next segment) it skips to the next segment.
 */
export class RecordWalker {
  readonly #segmentBytes: bigint;
  readonly #tell: (event: LogEvent) => void;
  #position: bigint;
  #end: bigint;
  readonly #page = Buffer.alloc(longHeader);
  #pageFilled = 0;
  #pageWanted = 0;
  readonly #head = Buffer.alloc(recordHeader);
  #headFilled = 0;
  readonly #body = Buffer.alloc(bodyBytesMax);
  #bodyFilled = 0;
  #bodyWanted = 0;
  /** Bytes of the log, page headers not counted, that belong to nothing we look at. */
  #skip = 0;
  #left = 0;
  /** Nothing is understood until the next segment starts. */
  #lost = true;
  #hasEnded = false;

  constructor(start: bigint, segmentBytes: number, tell: (event: LogEvent) => void) {
    this.#position = start;
    this.#end = start;
    this.#segmentBytes = BigInt(segmentBytes);
    this.#tell = tell;
  }

  /** Whether the log ended before what was pushed did: zeros, or pages of an earlier use. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Behind the last whole record. */
  get end(): bigint {
    return this.#end;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const inPage = Number(this.#position % BigInt(pageBytes));
      if (inPage === 0 && this.#pageWanted === 0) this.#beginPage();
      const part = bytes.subarray(at, at + pageBytes - inPage);
      const taken = this.#pageWanted > 0 ? this.#takePageHeader(part) : this.#takeRecord(part);
      at += taken;
      this.#position += BigInt(taken);
      if (this.#pageWanted > 0 && this.#pageFilled === this.#pageWanted) this.#endPageHeader();
      else if (this.#left === 0 && !this.#lost && this.#headFilled === recordHeader) this.#endRecord();
    }
  }

  #beginPage(): void {
    this.#pageFilled = 0;
    const isSegmentStart = this.#position % this.#segmentBytes === 0n;
    this.#pageWanted = isSegmentStart ? longHeader : shortHeader;
    if (isSegmentStart && this.#lost) this.#headFilled = 0;
  }

  #takePageHeader(part: Buffer): number {
    const taken = part.copy(this.#page, this.#pageFilled, 0, this.#pageWanted - this.#pageFilled);
    this.#pageFilled += taken;
    return taken;
  }

  #endPageHeader(): void {
    const start = this.#position - BigInt(this.#pageWanted);
    const isSegmentStart = this.#pageWanted === longHeader;
    this.#pageWanted = 0;
    // A page of zeros, or of a segment that was used before: the log ends before it.
    if (this.#page.readBigUInt64LE(8) !== start) this.#loseEnd();
    else if (isSegmentStart && this.#lost) {
      this.#lost = false;
      this.#headFilled = 0;
      this.#left = 0;
      // The rest of a record that began in the segment before.
      this.#skip = this.#page.readUInt32LE(16);
    }
  }

  #takeRecord(part: Buffer): number {
    if (this.#lost) return part.length;
    if (this.#skip > 0) {
      const taken = Math.min(this.#skip, part.length);
      this.#skip -= taken;
      return taken;
    }
    if (this.#headFilled === 0) {
      const padding = Number(-this.#position & 7n);
      if (padding > 0) return Math.min(padding, part.length);
    }
    return this.#headFilled < recordHeader ? this.#takeHead(part) : this.#takeBody(part);
  }

  #takeHead(part: Buffer): number {
    const taken = part.copy(this.#head, this.#headFilled, 0, recordHeader - this.#headFilled);
    this.#headFilled += taken;
    if (this.#headFilled < recordHeader) return taken;
    const total = this.#head.readUInt32LE(0);
    if (total < recordHeader || total > recordBytesMax) {
      this.#loseEnd();
      return taken;
    }
    this.#left = total - recordHeader;
    this.#bodyFilled = 0;
    this.#bodyWanted = this.#isWanted() ? Math.min(this.#left, bodyBytesMax) : 0;
    return taken;
  }

  #takeBody(part: Buffer): number {
    const taken = Math.min(part.length, this.#left);
    if (this.#bodyFilled < this.#bodyWanted) {
      this.#bodyFilled += part.copy(
        this.#body,
        this.#bodyFilled,
        0,
        Math.min(taken, this.#bodyWanted - this.#bodyFilled),
      );
    }
    this.#left -= taken;
    return taken;
  }

  #isWanted(): boolean {
    const resource = this.#head[17];
    const info = this.#head[16] as number;
    if (resource === resourceTransaction) return [0x00, 0x20, 0x30, 0x40].includes(info & 0x70);
    return resource === resourceLog && (info & 0xf0) === 0x70;
  }

  #endRecord(): void {
    this.#headFilled = 0;
    this.#end = this.#position + (-this.#position & 7n);
    const info = this.#head[16] as number;
    const resource = this.#head[17];
    // The rest of the segment behind a switch is empty.
    if (resource === resourceLog && (info & 0xf0) === 0x40) {
      this.#end = this.#position + (-this.#position & (this.#segmentBytes - 1n));
      return this.#lose();
    }
    if (this.#bodyWanted === 0) return;
    const data = mainData(this.#body.subarray(0, this.#bodyFilled));
    if (data === undefined || data.length < 8) return;
    const atMs = Number(data.readBigInt64LE(0) / 1000n) + epochMs;
    const end = this.#end;
    if (resource === resourceLog) {
      const name = data.subarray(8, 72);
      const length = name.indexOf(0);
      this.#tell({ kind: 'name', end, atMs, name: name.subarray(0, length < 0 ? undefined : length).toString('utf8') });
      return;
    }
    const kind = [0x00, 0x30].includes(info & 0x70) ? 'commit' : 'abort';
    this.#tell({ kind, end, atMs, transaction: this.#head.readUInt32LE(4) });
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
