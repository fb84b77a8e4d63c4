import {
  compareRanges,
  joinPieces,
  type GrowingLogPiece,
  type LogClock,
  type LogEnding,
  type LogListing,
  type LogMarks,
  type LogPiece,
  type LogRange,
  type LogWriter,
  type StoredRange,
} from '../../assets/index.ts';
import { assert, free, isLifeboatError, LifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, errorOfObject, isDamage } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { logClockName, logEndingName, logFolder, logHistoryName, logObjectOfName, logPieceName } from '../names.ts';
import { marksEnd, marksRangeBytes, openLogObject, openMarks, sealLogObject } from './log-object.ts';
import { logObjectBytesMax } from './sealing/log-segments.ts';
import { bytesUpTo, listGrowing, marksUpTo, readGrowing, StoredGrowing, type GrownPiece } from './growing-piece.ts';
import { decodeMarks, encodeMarks, joinMarks, requireClock } from './marks.ts';
import { MovedPieces } from './moved-pieces.ts';

interface Options {
  signal?: AbortSignal;
}

interface PutOptions extends Options {
  isPassing?: boolean;
}

/** The log of one source in one store. */
export class StoredLog implements LogWriter {
  readonly id: string;
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #moved: MovedPieces;
  #opening = Promise.resolve();

  constructor(store: Store, bundle: KeyBundle, id: string) {
    this.#store = store;
    this.#bundle = bundle;
    this.id = id;
    this.#moved = new MovedPieces({
      list: (options) => this.list(options),
      read: (piece, options) => this.#readListed(piece, options),
    });
  }

  async list(options: Options = {}): Promise<LogListing> {
    for (let look = 1; ; look += 1) {
      try {
        return await this.#listOnce(options);
      } catch (error) {
        // A growing piece that went while it was looked at stands elsewhere by now.
        if (!isLifeboatError(error, 'store.missing') || look === limits.logLooksMax) throw error;
      }
    }
  }

  async #listOnce(options: Options): Promise<LogListing> {
    const pieces: LogPiece[] = [];
    const histories: number[] = [];
    const clocks: LogClock[] = [];
    const endings: LogEnding[] = [];
    const growing: string[] = [];
    for await (const { name, bytes } of this.#store.list(logFolder(this.id))) {
      options.signal?.throwIfAborted();
      const found = logObjectOfName(name);
      // A foreign name is no part of the log; `verify` reports it.
      if (found === undefined) continue;
      if (found.range !== undefined) pieces.push({ ...found.range, storedBytes: bytes });
      else if (found.clock !== undefined) clocks.push(found.clock);
      else if (found.ending !== undefined) endings.push(found.ending);
      else if (found.growing !== undefined) growing.push(name);
      else histories.push(found.timeline);
    }
    for (const name of growing) {
      const piece = await listGrowing(this.#store, this.#bundle, name, options);
      if (piece !== undefined) pieces.push(piece);
    }
    return {
      pieces: pieces.toSorted(compareRanges),
      histories: histories.toSorted((a, b) => a - b),
      clocks: clocks.toSorted((a, b) => a.atMs - b.atMs),
      endings,
    };
  }

  async read(piece: StoredRange, options: Options = {}): Promise<Buffer> {
    const known = this.#moved.known(piece);
    if (known !== undefined) return known;
    try {
      return await this.#readListed(piece, options);
    } catch (error) {
      if (!isLifeboatError(error, 'repository.incomplete')) throw error;
      const moved = await this.#moved.read(piece, options);
      if (moved === undefined) throw error;
      return moved;
    }
  }

  /** Of this very object. */
  async #readListed(piece: StoredRange, options: Options): Promise<Buffer> {
    if (piece.growing !== undefined)
      return this.#ofRightLength(piece.growing, piece, bytesUpTo(await this.#grown(piece.growing, options), piece.end));
    const name = logPieceName(this.id, piece);
    const object = await this.#get(name, logObjectBytesMax + 1, options);
    return this.#ofRightLength(name, piece, await this.#opened(name, object, Number(piece.end - piece.start)));
  }

  /** One after the other, however many are read at once: of several unpacked segments that come and go the garbage collector would make a round each. */
  async #opened(name: string, object: Buffer, plainBytes: number): Promise<Buffer> {
    const before = this.#opening;
    const done = Promise.withResolvers<void>();
    this.#opening = done.promise;
    await before;
    try {
      return (await openLogObject(this.#bundle, name, object, plainBytes)).bytes;
    } finally {
      free(object);
      done.resolve();
    }
  }

  async marks(piece: StoredRange, options: Options = {}): Promise<LogMarks> {
    if (piece.growing !== undefined) return marksUpTo(await this.#grown(piece.growing, options), piece.end);
    const name = logPieceName(this.id, piece);
    let start = await this.#get(name, marksRangeBytes, options);
    const end = marksEnd(name, start);
    if (end > start.length && start.length === marksRangeBytes) start = await this.#get(name, end, options);
    return decodeMarks((await openMarks(this.#bundle, name, start)).marks, name);
  }

  async history(timeline: number): Promise<string> {
    return (await this.#open(logHistoryName(this.id, timeline), {})).bytes.toString('utf8');
  }

  async append(range: LogRange, bytes: Uint8Array, marks: LogMarks, options: PutOptions = {}): Promise<void> {
    assert(range.end - range.start === BigInt(bytes.length), 'a piece of log has the bytes that its range says');
    await this.#put(logPieceName(this.id, range), encodeMarks(marks), bytes, options);
  }

  async grow(range: LogRange, bytes: Uint8Array, marks: LogMarks): Promise<GrowingLogPiece | undefined> {
    return StoredGrowing.begin(this.#store, this.#bundle, this.id, { range, bytes, marks });
  }

  async settle(pieces: readonly LogPiece[]): Promise<void> {
    for (const piece of pieces) {
      if (piece.growing === undefined) continue;
      const grown = await this.#grownIfThere(piece.growing);
      if (grown === undefined) continue;
      await this.append(piece, bytesUpTo(grown, piece.end), marksUpTo(grown, piece.end));
      // One that is damaged stays, for `verify` to name it.
      if (grown.damage === undefined) await this.#removeAll([piece.growing]);
    }
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

  async ending(ending: LogEnding): Promise<void> {
    await this.#open(logEndingName(this.id, ending), {});
  }

  async appendEnding(ending: LogEnding): Promise<void> {
    await this.#put(logEndingName(this.id, ending), encodeMarks({}), Buffer.alloc(0), {});
  }

  async removeEndings(endings: readonly LogEnding[]): Promise<void> {
    for (const one of endings) await this.#store.remove(logEndingName(this.id, one));
  }

  async compact(
    range: LogRange,
    pieces: readonly StoredRange[],
    known?: { bytes: Uint8Array; marks: LogMarks },
  ): Promise<void> {
    const { bytes, marks } = known ?? (await this.#joined(range, pieces));
    await this.append(range, bytes, marks);
    const whole = logPieceName(this.id, range);
    await this.#removeAll(
      pieces
        .filter((piece) => isWithin(piece, range))
        .map((piece) => this.#nameOf(piece))
        .filter((name) => name !== whole),
    );
  }

  async remove(pieces: readonly StoredRange[]): Promise<void> {
    await this.#removeAll(pieces.map((piece) => this.#nameOf(piece)));
  }

  #nameOf = (piece: StoredRange): string => piece.growing ?? logPieceName(this.id, piece);

  async #grown(name: string, options: Options): Promise<GrownPiece> {
    try {
      return await readGrowing(this.#store, this.#bundle, name, options);
    } catch (error) {
      throw errorOfObject(error, name);
    }
  }

  async #grownIfThere(name: string): Promise<GrownPiece | undefined> {
    try {
      return await this.#grown(name, {});
    } catch (error) {
      if (isLifeboatError(error, 'repository.incomplete')) return undefined;
      throw error;
    }
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

  async #joined(range: LogRange, pieces: readonly StoredRange[]): Promise<{ bytes: Buffer; marks: LogMarks }> {
    const parts: { range: LogRange; bytes: Buffer }[] = [];
    const marks: LogMarks[] = [];
    for (const piece of pieces.filter((one) => isWithin(one, range)).toSorted(compareRanges)) {
      parts.push({ range: piece, bytes: await this.read(piece) });
      marks.push(await this.marks(piece));
    }
    return { bytes: joinPieces(range, parts), marks: joinMarks(marks) };
  }

  #ofRightLength(name: string, { start, end }: LogRange, bytes: Buffer): Buffer {
    if (BigInt(bytes.length) !== end - start) throw damaged(name, `it holds ${bytes.length} bytes, not ${end - start}`);
    return bytes;
  }

  async #put(name: string, marks: Buffer, bytes: Uint8Array, options: PutOptions): Promise<void> {
    const { isPassing = false, ...signal } = options;
    const sealed = await sealLogObject(this.#bundle, name, { marks, bytes, isPassing });
    try {
      await this.#store.put(name, [sealed.bytes], { ifAbsent: true, ...signal });
      // After a failure a store that hangs may still read them.
      sealed.release();
    } catch (error) {
      if (!isLifeboatError(error, 'store.exists')) throw error;
      if (await this.#holds(name, bytes)) return;
      // What is stored cannot be read, and here are the right bytes: the only case in which an object of a log is written over.
      await this.#store.put(name, [sealed.bytes], signal);
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
      hint: 'Two lives write under one number: a server was put back, or promoted without asking this log, or another server archives here. Find out which is the right one. To go on with the one at hand, stop it and give it a timeline of its own: lifeboat wal fork ASSET --to DATADIR; then start it, take a point, and begin the stream.',
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

const isWithin = (piece: LogRange, range: LogRange): boolean =>
  piece.timeline === range.timeline && piece.start >= range.start && piece.end <= range.end;
