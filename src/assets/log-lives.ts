import { isLifeboatError, LifeboatError } from '../core/index.ts';
import type { LogEnding, LogListing, LogReader } from './log.ts';

/**
 * The timeline that a log goes on with: the newest that people have not gone back from. Where they went back from all that are there it is the newest.
 * 1 for a log of which nothing is there. Throws what `LogReader` throws for an ending that cannot be read: nobody knows then which life it is.
 */
export async function newestLife(log: Pick<LogReader, 'ending'>, listing: LogListing): Promise<number> {
  const ended = new Set((await endedLives(log, listing)).map(({ timeline }) => timeline));
  const timelines = [...new Set(listing.pieces.map(({ timeline }) => timeline))].toSorted((a, b) => b - a);
  return timelines.find((timeline) => !ended.has(timeline)) ?? timelines[0] ?? 1;
}

/** The lives that people went back from, and that nobody lived on since. Throws as `newestLife`. */
export async function endedLives(log: Pick<LogReader, 'ending'>, listing: LogListing): Promise<LogEnding[]> {
  const ended: LogEnding[] = [];
  for (const ending of listing.endings) {
    if (listing.pieces.some((piece) => piece.timeline === ending.timeline && piece.end > ending.position)) continue;
    try {
      await log.ending(ending);
      ended.push(ending);
    } catch (error) {
      // Taken back since it was listed.
      if (isLifeboatError(error, 'repository.incomplete')) continue;
      throw isLifeboatError(error, 'repository.damaged') ? unknownLife(error, listing) : error;
    }
  }
  return ended;
}

function unknownLife(cause: LifeboatError, { pieces }: LogListing): LifeboatError {
  const timelines = [...new Set(pieces.map(({ timeline }) => `--timeline ${timeline}`))];
  return new LifeboatError(
    cause.code,
    `whether people went back from a life of the log nobody can tell: ${cause.message}`,
    {
      ...(cause.where === undefined ? {} : { where: cause.where }),
      hint: `A restore is told along which life: ${timelines.join(' or ')}; or reads another store: --store NAME.`,
      cause,
    },
  );
}
