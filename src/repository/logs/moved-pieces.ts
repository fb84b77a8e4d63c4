import { joinPieces, type LogPiece, type LogRange, type StoredRange } from '../../assets/index.ts';
import { isLifeboatError, limits } from '../../core/index.ts';

interface Options {
  signal?: AbortSignal;
}

/** The log that the pieces are of. `read`: the bytes of the very object; throws `repository.incomplete` where it is gone. */
interface Log {
  list(options: Options): Promise<{ readonly pieces: readonly LogPiece[] }>;
  read(piece: LogPiece, options: Options): Promise<Buffer>;
}

/**
 * Reads what was listed and is gone by now, from the pieces that came in its place: a log goes on while it is read, and its stream puts a whole
 * segment in the place of the pieces that it wrote. The one that was read last is kept, as all pieces of a segment go at once.
 */
export class MovedPieces {
  readonly #log: Log;
  #latest: { readonly range: LogRange; readonly bytes: Buffer } | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** From the one that was read last; it is forgotten by the first piece that it does not hold. */
  known(range: LogRange): Buffer | undefined {
    if (this.#latest !== undefined && holds(this.#latest.range, range)) {
      return Buffer.from(partOf(this.#latest, range));
    }
    this.#latest = undefined;
    return undefined;
  }

  /** `undefined`: the others together do not hold it. Throws as reading a listed piece does. */
  async read(gone: StoredRange, options: Options): Promise<Buffer | undefined> {
    for (let look = 1; ; look += 1) {
      const covers = coversOf((await this.#log.list(options)).pieces, gone);
      if (covers.length === 0) return undefined;
      try {
        return await this.#join(gone, covers, options);
      } catch (error) {
        // Replaced in its turn, since this look.
        if (!isLifeboatError(error, 'repository.incomplete') || look === limits.logLooksMax) throw error;
      }
    }
  }

  async #join(gone: LogRange, covers: readonly LogPiece[], options: Options): Promise<Buffer> {
    const parts: { range: LogRange; bytes: Buffer }[] = [];
    for (const range of covers) {
      const bytes = await this.#log.read(range, options);
      if (covers.length === 1) this.#latest = { range, bytes };
      parts.push(clipped({ range, bytes }, gone));
    }
    return joinPieces(gone, parts);
  }
}

/** The pieces that hold a range without the one that is gone, in order; none where they lack a part of it. `pieces` are sorted. */
function coversOf(pieces: readonly LogPiece[], gone: StoredRange): LogPiece[] {
  const covers: LogPiece[] = [];
  let at = gone.start;
  for (const piece of pieces) {
    if (piece.timeline !== gone.timeline || piece.end <= at || at >= gone.end || isSame(piece, gone)) continue;
    if (piece.start > at) break;
    covers.push(piece);
    at = piece.end;
  }
  return at >= gone.end ? covers : [];
}

const isSame = (one: StoredRange, other: StoredRange): boolean =>
  one.growing === other.growing && (one.growing !== undefined || (one.start === other.start && one.end === other.end));

const holds = (one: LogRange, other: LogRange): boolean =>
  one.timeline === other.timeline && one.start <= other.start && one.end >= other.end;

interface Part {
  readonly range: LogRange;
  readonly bytes: Buffer;
}

function clipped(part: Part, { timeline, start, end }: LogRange): Part {
  const from = part.range.start > start ? part.range.start : start;
  const to = part.range.end < end ? part.range.end : end;
  const range = { timeline, start: from, end: to };
  return { range, bytes: partOf(part, range) };
}

const partOf = ({ range, bytes }: Part, { start, end }: LogRange): Buffer =>
  bytes.subarray(Number(start - range.start), Number(end - range.start));
