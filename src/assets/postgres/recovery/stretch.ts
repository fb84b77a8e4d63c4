import { LifeboatError } from '../../../core/index.ts';
import type { LogPiece, LogReader } from '../../log.ts';
import { lsnText } from '../lsn.ts';

/** Bytes of one timeline from stored pieces. Throws `log.gap`. */
export async function readStretch(
  log: Pick<LogReader, 'read'>,
  pieces: readonly LogPiece[],
  range: { timeline: number; start: bigint; end: bigint },
  options: { signal?: AbortSignal },
): Promise<Buffer> {
  const whole = Buffer.alloc(Number(range.end - range.start));
  let filled = range.start;
  for (const piece of pieces) {
    const { timeline, damaged } = piece;
    if (timeline !== range.timeline || damaged !== undefined || piece.end <= filled || piece.start >= range.end)
      continue;
    if (piece.start > filled) break;
    const bytes = await log.read(piece, options);
    const usable = bytes.subarray(Number(filled - piece.start));
    usable.copy(whole, Number(filled - range.start));
    filled = piece.end;
    if (filled >= range.end) return whole;
  }
  if (filled >= range.end) return whole;
  throw new LifeboatError('log.gap', `the log of timeline ${range.timeline} is missing at ${lsnText(filled)}`);
}
