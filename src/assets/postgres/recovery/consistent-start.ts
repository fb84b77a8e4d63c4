import { isoTime, LifeboatError } from '../../../core/index.ts';
import type { LogMarks } from '../../log.ts';
import type { LogEvent } from '../stream/received/records.ts';
import type { Start } from './choose-way.ts';
import type { Ground } from './locate-target.ts';
import { findEvent, leadsThrough, legsFrom, type EventQuestion } from './survey-log.ts';
import { alongWords } from './unreachable.ts';

/**
 * Without the points that hold later work than a moment that is asked for. A point is of a moment that was surely before its end: what was committed between
 * the two is in it, and PostgreSQL does not start where it would have to stop before that. Throws `restore.unreachable_target` with the first moment that
 * can be come to where no older point is there, and what the log throws.
 */
export async function startsBefore(ground: Ground): Promise<readonly Start[]> {
  const { starts, target, way } = ground;
  if (target.kind !== 'time') return starts;
  const later = new Set<Start>();
  const candidates = starts.filter(({ base, place }) => base.atMs <= target.atMs && leadsThrough(place, way));
  let earliestMs = 0;
  for (const start of candidates.toReversed()) {
    const newestMs = await newestWithin(ground, start, target.atMs);
    if (newestMs === undefined) return starts.filter((one) => !later.has(one));
    later.add(start);
    earliestMs = newestMs + 1;
  }
  const [oldest] = candidates;
  if (oldest === undefined) return starts;
  throw new LifeboatError(
    'restore.unreachable_target',
    `no recovery point ends before ${isoTime(target.atMs)}: that of ${isoTime(oldest.base.atMs)} holds what was committed up to ${isoTime(earliestMs - 1)}`,
    { hint: `The first moment that can be restored: --at ${isoTime(earliestMs)}${alongWords(target)}.` },
  );
}

/** When the newest work in a point ended, if that is not before the moment. Of a commit only the millisecond is known: one of the same may be behind it. */
async function newestWithin(
  { log, listing, way, signal }: Ground,
  { place, segmentBytes }: Start,
  atMs: number,
): Promise<number | undefined> {
  const pieces = listing.pieces.filter((piece) => piece.timeline !== place.timeline || piece.start < place.end);
  const legs = legsFrom(place, listing.pieces, way, segmentBytes).filter(({ timeline }) => timeline === place.timeline);
  const question: EventQuestion = {
    mayHold: ({ transactions, commits }: LogMarks) =>
      transactions !== undefined && (commits === undefined || commits.newestMs >= atMs),
    matches: (event: LogEvent) => event.kind !== 'name' && event.end <= place.end && event.atMs >= atMs,
  };
  return (await findEvent(log, legs, pieces, segmentBytes, question, signal))?.event.atMs;
}
