import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { pageBytes, RecordWalker, type LogEvent } from './records.ts';

const segmentBytes = 4 * pageBytes;
const epochMs = 946_684_800_000;
const transactionManager = 1;
const logManager = 0;

interface Written {
  readonly manager: number;
  readonly info: number;
  readonly transaction: number;
  /** The record's own data, or so many bytes that nobody looks at. */
  readonly data: Buffer | number;
}

/** As a server writes it: records one after the other, padded, over pages and segments, whose headers stand between their bytes. */
class Log {
  readonly #pages: Buffer[] = [];
  readonly #start: bigint;
  #length = 0;

  constructor(start: bigint) {
    this.#start = start;
  }

  /** The position behind it, without what pads it. */
  write({ manager, info, transaction, data }: Written): bigint {
    const body = typeof data === 'number' ? Buffer.alloc(data, 7) : Buffer.concat([Buffer.of(0xff, data.length), data]);
    const head = Buffer.alloc(24);
    head.writeUInt32LE(head.length + body.length);
    head.writeUInt32LE(transaction, 4);
    head[16] = info;
    head[17] = manager;
    this.#put(Buffer.alloc(-this.#length & 7));
    this.#put(Buffer.concat([head, body]));
    return this.#start + BigInt(this.#length);
  }

  /** Nothing more stands in this segment. */
  switch(): bigint {
    this.write({ manager: logManager, info: 0x40, transaction: 0, data: 0 });
    this.#fill(-this.#length & (segmentBytes - 1));
    return this.#start + BigInt(this.#length);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pages).subarray(0, this.#length);
  }

  #put(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#length % pageBytes === 0) this.#beginPage(at === 0 ? 0 : bytes.length - at);
      const inPage = this.#length % pageBytes;
      const copied = bytes.copy(this.#pages.at(-1) as Buffer, inPage, at, at + pageBytes - inPage);
      this.#length += copied;
      at += copied;
    }
  }

  #fill(bytes: number): void {
    for (let left = bytes; left > 0; left -= pageBytes) this.#pages.push(Buffer.alloc(pageBytes));
    this.#length += bytes;
    this.#pages.length = this.#length / pageBytes;
  }

  /** `left`: of a record that goes on here. */
  #beginPage(left: number): void {
    const page = Buffer.alloc(pageBytes);
    page.writeBigUInt64LE(this.#start + BigInt(this.#length), 8);
    page.writeUInt32LE(left, 16);
    this.#pages.push(page);
    this.#length += this.#length % segmentBytes === 0 ? 40 : 24;
  }
}

const timeOf = (atMs: number): Buffer => {
  const time = Buffer.alloc(8);
  time.writeBigInt64LE(BigInt(atMs - epochMs) * 1000n);
  return time;
};

const atMs = fc.integer({ min: epochMs, max: 2 * epochMs });
const transaction = fc.integer({ min: 3, max: 2 ** 32 - 1 });
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('other' as const), bytes: fc.integer({ min: 0, max: 9_000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('commit' as const, 'abort' as const), atMs, transaction }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('name' as const), atMs, name: fc.stringMatching(/^[a-z ]{1,60}$/) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('switch' as const) }) },
);

const rounded = (position: bigint): bigint => (position + 7n) & ~7n;

it('commits, aborts and named places are told of a log with their times and ends, however it is cut on its way, and behind a switch of segments too', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 3 * pageBytes }), { minLength: 1, maxLength: 8 });
  const start = fc.integer({ min: 0, max: 2 ** 40 }).map((segment) => BigInt(segment) * BigInt(segmentBytes));
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 40 }), cuts, start, (acts, sizes, from) => {
      const log = new Log(from);
      const expected: LogEvent[] = [];
      let end = from;
      for (const one of acts) {
        if (one.kind === 'switch') end = log.switch();
        else if (one.kind === 'other')
          end = rounded(log.write({ manager: 10, info: 0, transaction: 5, data: one.bytes }));
        else if (one.kind === 'name') {
          const data = Buffer.concat([timeOf(one.atMs), Buffer.from(one.name.padEnd(64, '\0'))]);
          end = rounded(log.write({ manager: logManager, info: 0x70, transaction: 0, data }));
          expected.push({ ...one, end });
        } else {
          const info = one.kind === 'commit' ? 0x00 : 0x20;
          const data = timeOf(one.atMs);
          end = rounded(log.write({ manager: transactionManager, info, transaction: one.transaction, data }));
          expected.push({ ...one, end });
        }
      }
      const told: LogEvent[] = [];
      const walker = new RecordWalker(from, segmentBytes, (event) => told.push(event));
      const bytes = log.bytes();
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const next = Math.min(bytes.length, at + (sizes[turn % sizes.length] as number));
        // Both ways of naming a part.
        if (turn % 2 === 0) walker.push(bytes, at, next);
        else walker.push(bytes.subarray(at, next));
        at = next;
      }
      expect(told).toEqual(expected);
      expect(walker.end).toBe(end);
      expect(walker.hasEnded).toBe(false);
    }),
  );
});

it('zeros behind the last record are the end of the log, and the next segment is understood again', () => {
  const log = new Log(0n);
  const commit = { manager: transactionManager, info: 0, transaction: 9, data: timeOf(epochMs) };
  const end = rounded(log.write(commit));
  const told: LogEvent[] = [];
  const walker = new RecordWalker(0n, segmentBytes, (event) => told.push(event));
  walker.push(Buffer.concat([log.bytes()], segmentBytes));
  expect({ end: walker.end, hasEnded: walker.hasEnded }).toEqual({ end, hasEnded: true });
  const next = new Log(BigInt(segmentBytes));
  const behind = rounded(next.write(commit));
  walker.push(Buffer.concat([next.bytes(), Buffer.alloc(8)]));
  expect(told.map((event) => event.end)).toEqual([end, behind]);
});

it('a log whose last record was cut by a crash may have been sent up to the page that never came to the disk, and no further', () => {
  const ends = (bytes: Buffer): [bigint, bigint] => {
    const walker = new RecordWalker(0n, segmentBytes, () => {});
    walker.push(bytes);
    return [walker.end, walker.endOfPages];
  };
  const log = new Log(0n);
  const whole = rounded(log.write({ manager: 10, info: 0, transaction: 5, data: 100 }));
  log.write({ manager: 10, info: 0, transaction: 5, data: 20_000 });
  const bytes = log.bytes();
  const onDisk = (to: number): Buffer => Buffer.concat([bytes.subarray(0, to), Buffer.alloc(segmentBytes - to)]);
  expect(ends(onDisk(2 * pageBytes))).toEqual([whole, BigInt(2 * pageBytes)]);
  // The file of the next segment is not there.
  expect(ends(bytes.subarray(0, pageBytes))).toEqual([whole, BigInt(pageBytes)]);
  expect(ends(onDisk(Number(whole)))).toEqual([whole, whole]);
  const switched = new Log(0n);
  switched.write({ manager: 10, info: 0, transaction: 5, data: 100 });
  const end = switched.switch();
  expect(ends(Buffer.concat([switched.bytes(), Buffer.alloc(segmentBytes, 7)]))).toEqual([end, end]);
});
