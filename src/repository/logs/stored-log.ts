import { createHmac } from 'node:crypto';
import {
  compareRanges,
  joinPieces,
  type LogClock,
  type LogListing,
  type LogMarks,
  type LogPiece,
  type LogRange,
  type LogWriter,
} from '../../assets/index.ts';
import { assert, isLifeboatError, LifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, errorOfObject, isDamage } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { logClockName, logFolder, logHistoryName, logObjectOfName, logPieceName } from '../names.ts';
import { logObjectBytesMax, marksEnd, marksRangeBytes, openLogObject, openMarks, sealLogObject } from './log-object.ts';
import { decodeMarks, encodeMarks, joinMarks } from './marks.ts';

/** What a log is called in a store: neither the asset nor its source can be told from it. */
export const logIdOf = (bundle: KeyBundle, asset: string, source: string): string =>
  createHmac('sha256', bundle.chunkIdKey)
    .update(JSON.stringify(['lifeboat/1/log', asset, source]))
    .digest('hex')
    .slice(0, 32);

interface Options {
  signal?: AbortSignal;
}

/** The log of one source in one store. */
export class StoredLog implements LogWriter {
  readonly id: string;
  readonly #store: Store;
  readonly #bundle: KeyBundle;

  constructor(store: Store, bundle: KeyBundle, id: string) {
    this.#store = store;
    this.#bundle = bundle;
    this.id = id;
  }

  async list(options: Options = {}): Promise<LogListing> {
    const pieces: LogPiece[] = [];
    const histories: number[] = [];
    const clocks: LogClock[] = [];
    for await (const { name, bytes } of this.#store.list(logFolder(this.id))) {
      options.signal?.throwIfAborted();
      const found = logObjectOfName(name);
      // A foreign name is no part of the log; `verify` reports it.
      if (found === undefined) continue;
      if (found.range !== undefined) pieces.push({ ...found.range, storedBytes: bytes });
      else if (found.clock !== undefined) clocks.push(found.clock);
      else histories.push(found.timeline);
    }
    return {
      pieces: pieces.toSorted(compareRanges),
      histories: histories.toSorted((a, b) => a - b),
      clocks: clocks.toSorted((a, b) => a.atMs - b.atMs),
    };
  }

  async read(piece: LogRange, options: Options = {}): Promise<Buffer> {
    const name = logPieceName(this.id, piece);
    const { bytes } = await this.#open(name, options);
    return this.#ofRightLength(name, piece, bytes);
  }

  async marks(piece: LogRange, options: Options = {}): Promise<LogMarks> {
    const name = logPieceName(this.id, piece);
    let start = await this.#get(name, marksRangeBytes, options);
    const end = marksEnd(name, start);
    if (end > start.length && start.length === marksRangeBytes) start = await this.#get(name, end, options);
    return decodeMarks((await openMarks(this.#bundle, name, start)).marks, name);
  }

  async history(timeline: number): Promise<string> {
    return (await this.#open(logHistoryName(this.id, timeline), {})).bytes.toString('utf8');
  }

  async append(range: LogRange, bytes: Uint8Array, marks: LogMarks, options: Options = {}): Promise<void> {
    assert(range.end - range.start === BigInt(bytes.length), 'a piece of log has the bytes that its range says');
    await this.#put(logPieceName(this.id, range), encodeMarks(marks), bytes, options);
  }

  async appendHistory(timeline: number, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    if (bytes.length > limits.logHistoryBytesMax) {
      throw new LifeboatError('limit.exceeded', `the history of timeline ${timeline} has ${bytes.length} bytes`);
    }
    await this.#put(logHistoryName(this.id, timeline), encodeMarks({}), bytes, {});
  }

  async clock(clock: LogClock): Promise<void> {
    const name = logClockName(this.id, clock);
    requireClock(name, clock, decodeMarks((await this.#open(name, {})).marks, name));
  }

  async appendClock(clock: LogClock, earlier: readonly LogClock[]): Promise<void> {
    const name = logClockName(this.id, clock);
    await this.#put(name, encodeMarks({ completeToMs: clock.atMs }), Buffer.alloc(0), {});
    await this.#removeAll(earlier.map((one) => logClockName(this.id, one)).filter((one) => one !== name));
  }

  async compact(
    range: LogRange,
    pieces: readonly LogRange[],
    known?: { bytes: Uint8Array; marks: LogMarks },
  ): Promise<void> {
    const { bytes, marks } = known ?? (await this.#joined(range, pieces));
    await this.append(range, bytes, marks);
    const whole = logPieceName(this.id, range);
    await this.remove(pieces.filter((piece) => isWithin(piece, range) && logPieceName(this.id, piece) !== whole));
  }

  async remove(pieces: readonly LogRange[]): Promise<void> {
    await this.#removeAll(pieces.map((piece) => logPieceName(this.id, piece)));
  }

  async #removeAll(names: readonly string[]): Promise<void> {
    for (const name of names) {
      try {
        await this.#store.remove(name);
      } catch (error) {
        // A store that keeps what it was given (a lock, no right to remove): the object is one too many, and never wrong.
        if (!isLifeboatError(error, 'store.denied')) throw error;
      }
    }
  }

  async #joined(range: LogRange, pieces: readonly LogRange[]): Promise<{ bytes: Buffer; marks: LogMarks }> {
    const parts: { range: LogRange; bytes: Buffer }[] = [];
    const marks: LogMarks[] = [];
    for (const piece of pieces.filter((one) => isWithin(one, range)).toSorted(compareRanges)) {
      const name = logPieceName(this.id, piece);
      const opened = await this.#open(name, {});
      parts.push({ range: piece, bytes: this.#ofRightLength(name, piece, opened.bytes) });
      marks.push(decodeMarks(opened.marks, name));
    }
    return { bytes: joinPieces(range, parts), marks: joinMarks(marks) };
  }

  #ofRightLength(name: string, { start, end }: LogRange, bytes: Buffer): Buffer {
    if (BigInt(bytes.length) !== end - start) throw damaged(name, `it holds ${bytes.length} bytes, not ${end - start}`);
    return bytes;
  }

  async #put(name: string, marks: Buffer, bytes: Uint8Array, options: Options): Promise<void> {
    const parts = await sealLogObject(this.#bundle, name, marks, bytes);
    try {
      await this.#store.put(name, parts, { ifAbsent: true, ...options });
    } catch (error) {
      if (!isLifeboatError(error, 'store.exists')) throw error;
      if (await this.#holds(name, bytes)) return;
      // What is stored cannot be read, and here are the right bytes: the only case in which an object of a log is written over.
      await this.#store.put(name, parts, options);
    }
  }

  /** Whether the stored object says the same; false if it is damaged. Throws `log.conflict` if it says something else. */
  async #holds(name: string, bytes: Uint8Array): Promise<boolean> {
    try {
      if ((await this.#open(name, {})).bytes.equals(bytes)) return true;
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
    throw new LifeboatError('log.conflict', `${name}: the store holds other bytes for the same place of the log`, {
      where: name,
      hint: 'Two servers write as one: was a copy started without a new timeline, or does another server archive here? Keep both, and find out which is the right one.',
    });
  }

  async #open(name: string, options: Options): Promise<{ marks: Buffer; bytes: Buffer }> {
    const object = await this.#get(name, logObjectBytesMax + 1, options);
    return openLogObject(this.#bundle, name, object);
  }

  async #get(name: string, length: number, options: Options): Promise<Buffer> {
    try {
      return await this.#store.get(name, { range: { offset: 0, length }, ...options });
    } catch (error) {
      throw errorOfObject(error, name);
    }
  }
}

/** The name says when; what is sealed must say the same. */
export function requireClock(name: string, { atMs }: LogClock, { completeToMs }: LogMarks): void {
  if (completeToMs !== atMs) throw damaged(name, `it says ${completeToMs ?? 'no'} ms, its name says ${atMs}`);
}

const isWithin = (piece: LogRange, range: LogRange): boolean =>
  piece.timeline === range.timeline && piece.start >= range.start && piece.end <= range.end;
