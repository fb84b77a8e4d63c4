import type { GrowingLogPiece, LogMarks, LogPiece, LogRange } from '../../assets/index.ts';
import { assert, isLifeboatError, limits } from '../../core/index.ts';
import type { GrowingObject, Store } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { logGrowingName, logObjectOfName } from '../names.ts';
import { frameBytesOf, framesMax, FrameSealer, growingObjectBytesMax, openGrowing } from './growing-object.ts';
import { decodeMarks, encodeMarks, joinMarks } from './marks.ts';

/** A piece of log that its writer still adds to, frame by frame. */
export class StoredGrowing implements GrowingLogPiece {
  readonly #object: GrowingObject;
  readonly #sealer: FrameSealer;
  #piece: LogPiece & { growing: string };
  /** Made once: thousands of frames a second go through it. */
  readonly #storeNow = (frame: Buffer): void => this.#object.addNow(frame);

  private constructor(object: GrowingObject, sealer: FrameSealer, piece: LogPiece & { growing: string }) {
    this.#object = object;
    this.#sealer = sealer;
    this.#piece = piece;
  }

  /** `undefined` where nothing grows. */
  static async begin(
    store: Store,
    bundle: KeyBundle,
    log: string,
    { range, bytes, marks }: { range: LogRange; bytes: Uint8Array; marks: LogMarks },
  ): Promise<StoredGrowing | undefined> {
    if (store.grow === undefined) return undefined;
    assert(range.end - range.start === BigInt(bytes.length), 'a piece of log has the bytes that its range says');
    const sealer = new FrameSealer(bundle);
    const name = logGrowingName(log, range.timeline, range.start, sealer.salt);
    sealer.name(name);
    const grow = store.grow.bind(store);
    const encoded = encodeMarks(marks);
    const object = await sealer.seal(encoded, bytes, (frame) =>
      grow(name, [sealer.head, frame], { bytesMax: limits.logPieceBytesMax + 2 ** 20 }),
    );
    const storedBytes = sealer.head.length + frameBytesOf(encoded, bytes);
    return new StoredGrowing(object, sealer, { ...range, storedBytes, growing: name });
  }

  get piece(): LogPiece {
    return this.#piece;
  }

  takes(bytes: number): boolean {
    const { start, end } = this.#piece;
    const isWithin = Number(end - start) + bytes <= limits.logPieceBytesMax && this.#sealer.frames < framesMax;
    return isWithin && !this.#sealer.isOver;
  }

  async add(bytes: Uint8Array, marks: LogMarks): Promise<void> {
    assert(this.takes(bytes.length), 'a growing piece is within its bound, and nothing of it was lost');
    const encoded = encodeMarks(marks);
    await this.#sealer.seal(encoded, bytes, (frame) => this.#object.add([frame]));
    this.#grew(bytes.length, frameBytesOf(encoded, bytes));
  }

  addNow(bytes: Uint8Array, marks: LogMarks): boolean {
    assert(this.takes(bytes.length), 'a growing piece is within its bound, and nothing of it was lost');
    const encoded = encodeMarks(marks);
    const frameBytes = frameBytesOf(encoded, bytes);
    // Asked before it is sealed: a frame that is not stored must not be sealed again.
    if (this.#sealer.isStoring || !this.#object.takesNow(frameBytes)) return false;
    this.#sealer.sealNow(encoded, bytes, this.#storeNow);
    this.#grew(bytes.length, frameBytes);
    // Behind the answer to the server, which is given in this turn.
    queueMicrotask(() => this.#sealer.prepare());
    return true;
  }

  close(): Promise<void> {
    return this.#object.close();
  }

  #grew(bytes: number, storedBytes: number): void {
    const { timeline, start, end, growing } = this.#piece;
    this.#piece = {
      timeline,
      start,
      end: end + BigInt(bytes),
      storedBytes: this.#piece.storedBytes + storedBytes,
      growing,
    };
  }
}

export interface GrownPiece {
  /** In the order of the log; as far as they are whole. */
  readonly frames: readonly { readonly end: bigint; readonly bytes: Buffer; readonly marks: LogMarks }[];
  readonly storedBytes: number;
  /** What is wrong behind them. */
  readonly damage: string | undefined;
}

/** Throws `repository.damaged`, `repository.version`, and what the store says. */
export async function readGrowing(
  store: Store,
  bundle: KeyBundle,
  name: string,
  options: { signal?: AbortSignal } = {},
): Promise<GrownPiece> {
  const object = await store.get(name, { range: { offset: 0, length: growingObjectBytesMax + 1 }, ...options });
  const { frames, damage } = openGrowing(bundle, name, object);
  let end = logObjectOfName(name)?.growing?.start ?? 0n;
  const read = frames.map(({ marks, bytes }) => {
    end += BigInt(bytes.length);
    return { end, bytes, marks: decodeMarks(marks, name) };
  });
  return { frames: read, storedBytes: object.length, damage };
}

/** The piece as far as it can be read now; `undefined` for one of which nothing can. Throws `store.missing` for one that is gone. */
export async function listGrowing(
  store: Store,
  bundle: KeyBundle,
  name: string,
  options: { signal?: AbortSignal },
): Promise<LogPiece | undefined> {
  const { timeline, growing } = logObjectOfName(name) ?? {};
  assert(timeline !== undefined && growing !== undefined, 'the name is of a growing piece');
  try {
    const { frames, storedBytes } = await readGrowing(store, bundle, name, options);
    const end = frames.at(-1)?.end ?? growing.start;
    return end > growing.start ? { timeline, start: growing.start, end, storedBytes, growing: name } : undefined;
  } catch (error) {
    // The log is without it; `verify` names it. Gone is another thing: what it held stands elsewhere by now.
    if (isDamage(error) && !isLifeboatError(error, 'store.missing')) return undefined;
    throw error;
  }
}

/** What the frames up to a position say. */
export const marksUpTo = ({ frames }: GrownPiece, position: bigint): LogMarks =>
  joinMarks(frames.filter(({ end }) => end <= position).map(({ marks }) => marks));

export const bytesUpTo = ({ frames }: GrownPiece, position: bigint): Buffer =>
  Buffer.concat(frames.filter(({ end }) => end <= position).map(({ bytes }) => bytes));
