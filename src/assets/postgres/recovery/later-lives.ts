import { isLifeboatError } from '../../../core/index.ts';
import type { LaterLife, LogListing, LogReader } from '../../log.ts';
import type { Way } from '../stream/resume.ts';

/**
 * Lives that a way does not go along, and whose log goes on to a later moment: of an old primary that nobody stopped, or of one that people went back to by other
 * means than ours. Which it is they must know; one that has ended (`without`) is neither.
 */
export async function laterLives(
  log: LogReader,
  { pieces, clocks }: Pick<LogListing, 'pieces' | 'clocks'>,
  way: Way,
  { thanMs, without }: { readonly thanMs: number; readonly without: ReadonlySet<number> },
): Promise<LaterLife[]> {
  const found: LaterLife[] = [];
  for (const timeline of new Set(pieces.map((piece) => piece.timeline))) {
    if (timeline === way.timeline || without.has(timeline)) continue;
    const from = way.forks.find((fork) => fork.timeline === timeline)?.at ?? 0n;
    const piece = pieces.findLast((one) => one.timeline === timeline && one.end > from);
    if (piece === undefined) continue;
    const own = clocks.findLast((clock) => clock.timeline === timeline && clock.position > from);
    try {
      if (own !== undefined) await log.clock(own);
      const { completeToMs = 0, commits } = await log.marks(piece);
      const committedMs = commits !== undefined && commits.newestEnd > from ? commits.newestMs : 0;
      const reachableMs = Math.max(own?.atMs ?? 0, completeToMs, committedMs);
      if (reachableMs > thanMs) found.push({ timeline, reachableMs });
    } catch (error) {
      // What is damaged or went meanwhile says nothing, and the way that is followed does not need it.
      if (!isLifeboatError(error)) throw error;
    }
  }
  return found;
}
