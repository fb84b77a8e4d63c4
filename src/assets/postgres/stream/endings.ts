import { isLifeboatError } from '../../../core/index.ts';
import type { LogEnding, LogListing, LogStreamOptions, LogWriter } from '../../log.ts';
import type { Answer } from './anchor.ts';
import { isOnWay, type Way } from './resume.ts';

/**
 * Tells a store of lives that people went back from while it was away. Not of one that the server lives: it was gone back to. Nor of one that the store has no
 * history of: nothing of it came there, and its number may still be given to another life.
 */
export async function tellEndings(
  log: LogWriter,
  listing: LogListing,
  endings: readonly LogEnding[],
  way: Way,
): Promise<LogListing> {
  const lacking = endings.filter(
    ({ timeline, position }) =>
      !isOnWay(timeline, way) &&
      listing.histories.includes(timeline) &&
      !listing.endings.some((one) => one.timeline === timeline && one.position === position),
  );
  for (const ending of lacking) await log.appendEnding(ending);
  return lacking.length === 0 ? listing : { ...listing, endings: [...listing.endings, ...lacking] };
}

/** What one store was told the others are told too: whoever went back may have reached only that one, from another machine. In place. */
export async function shareEndings(
  { targets }: Pick<LogStreamOptions, 'targets'>,
  answers: Answer[],
  way: Way,
): Promise<void> {
  const known: LogEnding[] = [];
  for (const [index, answer] of answers.entries())
    if ('listing' in answer)
      known.push(...(await trueEndings((targets[index] as { log: LogWriter }).log, answer.listing)));
  for (const [index, answer] of answers.entries()) {
    if (!('listing' in answer)) continue;
    try {
      const { log } = targets[index] as { log: LogWriter };
      answers[index] = { listing: await tellEndings(log, answer.listing, known, way) };
    } catch (error) {
      // It takes no log now either, and is told when the stream begins anew.
      if (!isLifeboatError(error)) throw error;
    }
  }
}

/** A name alone must not spread. */
async function trueEndings(log: LogWriter, { endings }: LogListing): Promise<LogEnding[]> {
  const found: LogEnding[] = [];
  for (const ending of endings) {
    try {
      await log.ending(ending);
      found.push(ending);
    } catch (error) {
      // Damaged, or away: `verify` names the one, and the store itself says the other.
      if (!isLifeboatError(error)) throw error;
    }
  }
  return found;
}
