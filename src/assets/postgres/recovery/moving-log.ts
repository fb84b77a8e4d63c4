import { isLifeboatError, limits } from '../../../core/index.ts';
import type { LogListing, LogPiece } from '../../log.ts';
import type { WatchedLog } from '../../watched-log.ts';

/**
 * Works on a listing of a log whose stream may go on meanwhile, and again on a new one where what failed may come of that: a piece is gone, or a
 * place seemed empty, while pieces of the listing were replaced. What is missing from a second listing too is missing: the work may take minutes, and a
 * busy stream always replaces something meanwhile. A piece that turned out damaged is marked as that, and the work is done again without it: what is wrong then is
 * that log is missing. Throws what `list` and the work throw.
 */
export async function onListing<T>(
  log: WatchedLog,
  signal: AbortSignal | undefined,
  work: (listing: LogListing) => Promise<T>,
): Promise<T> {
  const options = signal === undefined ? {} : { signal };
  let listing = await log.list(options);
  let gaps = 0;
  for (let look = 1; ; look += 1) {
    const known = log.found;
    try {
      return await work(listing);
    } catch (error) {
      if (log.found > known) {
        listing = log.marked(listing);
        // Each time there is one less that could be damaged.
        look -= 1;
        continue;
      }
      // What seems to be behind the end may lie in a piece that was just replaced.
      const isGap = isLifeboatError(error, 'log.gap') || isLifeboatError(error, 'restore.unknown_target');
      if (isGap) gaps += 1;
      const mayHaveMoved = isGap ? gaps === 1 : isLifeboatError(error, 'repository.incomplete');
      if (!mayHaveMoved || look === limits.logLooksMax) throw error;
      const later = await log.list(options);
      if (!wereReplaced(listing, later)) throw error;
      listing = later;
    }
  }
}

/** Whether a piece of the first listing is no piece of the other. */
function wereReplaced({ pieces }: LogListing, later: LogListing): boolean {
  const there = new Set(later.pieces.map(nameOf));
  return pieces.some((piece) => !there.has(nameOf(piece)));
}

const nameOf = ({ timeline, start, end, growing }: LogPiece): string =>
  growing ?? `${timeline} ${start.toString()} ${end.toString()}`;
