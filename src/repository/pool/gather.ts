import { limits, free } from '../../core/index.ts';
import { roomFor } from '../format/chunk-codec.ts';
import type { PlacedChunk } from './messages.ts';

/** Chunks that are kept open: those whose parts the stretches before had, and the next may have, too. */
const keptOpen = 4;

/** Reads and opens a chunk into `room`; undefined if it is bad or cannot be read. */
type OpenInto = (chunk: PlacedChunk, room: Buffer) => Buffer | undefined;

/** What was put together of a stretch of a file. */
export interface Stretch {
  /** Bytes that follow each other, and where in the file they begin. Good until the next stretch. */
  readonly runs: readonly { readonly offset: number; readonly bytes: Buffer }[];
  /** Positions of chunks that are bad or cannot be read: their parts are in no run. */
  readonly bad: readonly number[];
}

/** Puts stretches of files together from parts of chunks, each of which is opened once a stretch, however often it stands there. */
export class Gatherer {
  readonly #openInto: OpenInto;
  readonly #open = new Map<string, { readonly room: Buffer; readonly plain: Buffer }>();
  #room: Buffer | undefined;

  constructor(openInto: OpenInto) {
    this.#openInto = openInto;
  }

  /** The chunks of one stretch. */
  gather(chunks: readonly PlacedChunk[]): Stretch {
    const room = (this.#room ??= Buffer.allocUnsafeSlow(limits.fixedChunkBytes));
    const start = chunks[0]?.target.offset ?? 0;
    const there: [number, number][] = [];
    const bad: number[] = [];
    chunks.forEach((chunk, i) => {
      const plain = this.#opened(chunk);
      if (plain === undefined) return void bad.push(i);
      for (const [from, bytes, offset] of partsOf(chunk)) {
        plain.copy(room, offset - start, from, from + bytes);
        there.push([offset - start, offset - start + bytes]);
      }
    });
    const runs = joined(there).map(([from, to]) => ({ offset: start + from, bytes: room.subarray(from, to) }));
    return { runs, bad };
  }

  /** Gives its memory back. */
  end(): void {
    for (const { room } of this.#open.values()) free(room);
    this.#open.clear();
    if (this.#room !== undefined) free(this.#room);
    this.#room = undefined;
  }

  #opened(chunk: PlacedChunk): Buffer | undefined {
    const key = `${chunk.pack} ${chunk.number}`;
    const kept = this.#open.get(key);
    if (kept !== undefined) {
      this.#open.delete(key);
      this.#open.set(key, kept);
      return kept.plain;
    }
    const room = roomFor(chunk.plainBytes);
    const plain = this.#openInto(chunk, room);
    if (plain === undefined) {
      free(room);
      return undefined;
    }
    this.#open.set(key, { room, plain });
    for (const [oldest, { room: old }] of this.#open) {
      if (this.#open.size <= keptOpen) break;
      this.#open.delete(oldest);
      free(old);
    }
    return plain;
  }
}

function* partsOf({ parts = [] }: PlacedChunk): Generator<[number, number, number]> {
  for (let at = 0; at + 2 < parts.length; at += 3) yield parts.slice(at, at + 3) as [number, number, number];
}

/** Where one ends and the next begins they are one. */
function joined(there: readonly [number, number][]): [number, number][] {
  const runs: [number, number][] = [];
  for (const [from, to] of there.toSorted(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === from) last[1] = to;
    else runs.push([from, to]);
  }
  return runs;
}
