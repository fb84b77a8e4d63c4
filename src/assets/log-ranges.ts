import { LifeboatError } from '../core/index.ts';
import type { LogPiece, LogRange } from './log.ts';

export const compareRanges = (a: LogRange, b: LogRange): number =>
  a.timeline - b.timeline || compare(a.start, b.start) || compare(b.end, a.end);

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** How far pieces that are sorted lead without a gap from a position on a timeline; the position itself if none holds it. One that is damaged leads nowhere. */
export function coveredTo(
  pieces: readonly (LogRange & Pick<LogPiece, 'damaged'>)[],
  timeline: number,
  from: bigint,
): bigint {
  let end = from;
  for (const piece of pieces) {
    if (piece.timeline !== timeline || piece.end <= end || piece.damaged !== undefined) continue;
    if (piece.start > end) break;
    end = piece.end;
  }
  return end;
}

/**
 * The bytes of a range from pieces that lie in it, sorted. Throws `log.gap` where none has it, and `log.conflict` where two
 * that overlap differ.
 */
export function joinPieces(range: LogRange, parts: readonly { range: LogRange; bytes: Buffer }[]): Buffer {
  const whole = Buffer.allocUnsafe(Number(range.end - range.start));
  let filled = 0;
  for (const { range: piece, bytes } of parts) {
    const from = Number(piece.start - range.start);
    if (from > filled) break;
    const known = Math.min(filled - from, bytes.length);
    if (!whole.subarray(from, from + known).equals(bytes.subarray(0, known))) {
      throw new LifeboatError(
        'log.conflict',
        `two pieces of the log differ at ${(range.start + BigInt(from)).toString(16)}`,
      );
    }
    bytes.copy(whole, from);
    filled = Math.max(filled, from + bytes.length);
  }
  if (filled === whole.length) return whole;
  const missing = range.start + BigInt(filled);
  throw new LifeboatError(
    'log.gap',
    `the log of timeline ${range.timeline} is missing from ${missing.toString(16)} on`,
  );
}
