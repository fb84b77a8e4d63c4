import { endedLives } from '../../log-lives.ts';
import { coveredTo } from '../../log-ranges.ts';
import type { LogBasePlace, LogListing, LogReader, RecoveryTarget, ReplayBase } from '../../log.ts';
import { isoTime, LifeboatError } from '../../../core/index.ts';
import { floorTo, lsnText } from '../lsn.ts';
import type { Way } from '../stream/resume.ts';
import { leadsThrough, wayTo } from './survey-log.ts';

/** A point that replay may begin at, and where it stands in the log. */
export interface Start {
  readonly base: ReplayBase;
  readonly place: LogBasePlace;
  readonly segmentBytes: number;
}

/** Of the server that a point is of. */
export const segmentBytesOf = (facts: Readonly<Record<string, unknown>>): number =>
  Number((facts['settings'] as Record<string, unknown> | undefined)?.['wal_segment_size'] ?? 16 * 2 ** 20);

/** Oldest first. */
export function startsOf(
  bases: readonly ReplayBase[],
  placeOf: (facts: Readonly<Record<string, unknown>>) => LogBasePlace | undefined,
): Start[] {
  return bases
    .flatMap((base) => {
      const place = placeOf(base.facts);
      return place === undefined ? [] : [{ base, place, segmentBytes: segmentBytesOf(base.facts) }];
    })
    .toSorted((a, b) => a.base.atMs - b.base.atMs);
}

/**
 * The timeline that a restore goes along, checked against the histories in the log, and the points that lead to it. Without a wish it is
 * the newest one that people have not gone back from, and every point of such a life counts: one that does not lead there is refused, not passed over. Throws `restore.unknown_target` naming what is there, and `log.gap`.
 */
export async function chooseWay(
  log: LogReader,
  listing: LogListing,
  starts: readonly Start[],
  target: RecoveryTarget,
): Promise<{ way: Way; starts: readonly Start[] }> {
  const { timeline = 'latest' } = target;
  if (timeline === 'latest') {
    const latest = await wayTo(log, listing);
    return { way: latest, starts: await ofLives(log, listing, starts, latest) };
  }
  // The newest point may be of a life that people went back from, which only its own number brings back.
  const wanted =
    timeline === 'current' ? ownOf(await ofLives(log, listing, starts, await wayTo(log, listing)), target) : timeline;
  const known = new Set(listing.pieces.map((piece) => piece.timeline));
  if (!known.has(wanted)) {
    throw new LifeboatError(
      'restore.unknown_target',
      `the log has no timeline ${wanted}; it has ${[...known].join(', ')}`,
      {
        hint: reaches(listing, starts, [...known]),
      },
    );
  }
  const way = await wayTo(log, listing, wanted);
  const leading = starts.filter(({ place }) => leadsThrough(place, way));
  if (leading.length > 0) return { way, starts: leading };
  throw new LifeboatError('restore.unknown_target', `no recovery point leads to timeline ${wanted}`, {
    hint: `The points are on ${[...new Set(starts.map(({ place }) => place.timeline))].join(', ') || 'no timeline'}. ${reaches(listing, starts, [...known])}`,
  });
}

/** Without those of lives that people went back from, unless the one that goes on came of them after all. */
async function ofLives(
  log: LogReader,
  listing: LogListing,
  starts: readonly Start[],
  way: Way,
): Promise<readonly Start[]> {
  const ended = new Set((await endedLives(log, listing)).map(({ timeline }) => timeline));
  const rest = starts.filter(({ place }) => !ended.has(place.timeline) || leadsThrough(place, way));
  return rest.length === 0 ? starts : rest;
}

/** Of the newest point that is old enough for the target. */
function ownOf(starts: readonly Start[], target: RecoveryTarget): number {
  const old = target.kind === 'time' ? starts.filter(({ base }) => base.atMs <= target.atMs) : starts;
  return (old.at(-1) ?? starts[0])?.place.timeline ?? 1;
}

/** For people: each timeline with how far it goes on from the newest point on it. */
function reaches({ pieces }: LogListing, starts: readonly Start[], timelines: readonly number[]): string {
  const each = timelines.map((timeline) => {
    const point = starts.findLast(({ place }) => place.timeline === timeline);
    const from = point === undefined ? undefined : floorTo(point.place.end, point.segmentBytes);
    const first = pieces.find((piece) => piece.timeline === timeline);
    const to = coveredTo(pieces, timeline, from ?? first?.start ?? 0n);
    return `--timeline ${timeline} (up to ${lsnText(to)}${point === undefined ? '' : `, from the point of ${isoTime(point.base.atMs)}`})`;
  });
  return `Restore along one that is there: ${each.join(', ')}.`;
}
