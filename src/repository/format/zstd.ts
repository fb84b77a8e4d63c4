import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompressSync,
  zstdDecompressSync,
  type ZstdCompress,
  type ZstdDecompress,
} from 'node:zlib';

/** Level 3: 5 to 8 % smaller than 1, for 7 % more time on a database. */
const thoroughly = { [constants.ZSTD_c_compressionLevel]: 3 };
/** Of what gives way to something else within seconds. */
const quickly = { [constants.ZSTD_c_compressionLevel]: 1 };

/**
 * Packs in this thread, with a state and memory that are kept: Node's own call makes both anew each time, which costs a third of the
 * time at the size of a chunk, and two thirds for unpacking. The bytes are good until the next call in this thread.
 */
export const packNow = (plain: Uint8Array): Uint8Array => packWith(packer, thoroughly, plain);

/** The same for less work, where nobody minds that it is larger. */
export const packQuicklyNow = (plain: Uint8Array): Uint8Array => packWith(quickPacker, quickly, plain);

function packWith(state: KeptState, params: typeof thoroughly, plain: Uint8Array): Uint8Array {
  const room = roomFor(plain.length + (plain.length >> 8) + 128);
  const bytes = state.write(plain, room);
  return bytes === undefined ? packAnew(plain, params) : room.subarray(0, bytes);
}

/**
 * Unpacks in this thread to the start of `into`; undefined if it is no zstd frame, or one of other than `plainBytes`.
 * `into` has room for one byte more, by which a longer one shows.
 */
export function unpackNow(packed: Uint8Array, into: Uint8Array, plainBytes: number): Uint8Array | undefined {
  const bytes = unpacker.write(packed, into.subarray(0, plainBytes + 1));
  if (bytes === plainBytes) return into.subarray(0, plainBytes);
  // Damaged bytes as a rule; whether they are, Node's own call says.
  const plain = unpackAnew(packed, plainBytes);
  if (plain === undefined) return undefined;
  into.set(plain);
  return into.subarray(0, plainBytes);
}

let kept: Buffer = Buffer.alloc(0);

function roomFor(bytes: number): Buffer {
  if (kept.length < bytes) kept = Buffer.allocUnsafeSlow(bytes);
  return kept;
}

/** Output in one piece: by default it comes in pieces of 16 KiB. */
const packAnew = (plain: Uint8Array, params: typeof thoroughly): Buffer =>
  zstdCompressSync(plain, { chunkSize: plain.length + (plain.length >> 8) + 128, params });

function unpackAnew(packed: Uint8Array, plainBytes: number): Buffer | undefined {
  try {
    const plain = zstdDecompressSync(packed, {
      chunkSize: Math.max(plainBytes, 64) + 1,
      maxOutputLength: Math.max(plainBytes, 1),
    });
    return plain.length === plainBytes ? plain : undefined;
  } catch {
    // Not a zstd frame, or a longer one than was recorded: the caller names the object.
    return undefined;
  }
}

/** What Node's streams of this kind are inside, as far as it is used here. It is not promised to stay so: all of it is looked at before it is used. */
interface Inside {
  readonly _handle?: {
    /** Input, its start and length, output, its start and length. */
    writeSync(
      flush: number,
      from: Uint8Array,
      at: number,
      bytes: number,
      to: Uint8Array,
      start: number,
      room: number,
    ): void;
  } | null;
  /** After a write: room left of the output, bytes left of the input. */
  readonly _writeState?: Uint32Array;
}

/** Does what a stream of Node does, piece by piece, without the stream; never, where that cannot be done. */
export class KeptState {
  readonly #make: () => ZstdCompress | ZstdDecompress;
  #inside: Inside | undefined;
  #failed = false;

  constructor(make: () => ZstdCompress | ZstdDecompress) {
    this.#make = make;
  }

  /** All of `from`, as one frame; returns the bytes it gave. Undefined if that went wrong, or did not fit with a byte to spare. */
  write(from: Uint8Array, to: Uint8Array): number | undefined {
    const { _handle: handle, _writeState: state } = (this.#inside ??= this.#open());
    if (typeof handle?.writeSync !== 'function' || !(state instanceof Uint32Array) || state.length !== 2)
      return undefined;
    // What an error leaves here is what was there before.
    state.set([0, from.length + 1]);
    this.#failed = false;
    handle.writeSync(constants.ZSTD_e_end, from, 0, from.length, to, 0, to.length);
    const [roomLeft = 0, bytesLeft] = state;
    if (!this.#failed && bytesLeft === 0 && roomLeft > 0 && roomLeft <= to.length) return to.length - roomLeft;
    this.#end();
    return undefined;
  }

  #open(): Inside {
    const inside = this.#make() as Inside;
    const { _handle: handle } = inside;
    // A stream would end itself, and tell nobody who listens here.
    if (handle) Object.assign(handle, { onerror: () => (this.#failed = true) });
    return inside;
  }

  /** It remembers its error, or half a frame, for ever. */
  #end(): void {
    (this.#inside as Partial<ZstdCompress> | undefined)?.close?.();
    this.#inside = undefined;
  }
}

const packer = new KeptState(() => createZstdCompress({ params: thoroughly }));
const quickPacker = new KeptState(() => createZstdCompress({ params: quickly }));
const unpacker = new KeptState(() => createZstdDecompress());
