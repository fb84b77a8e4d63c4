import type { LogBasePlace, LogHole, LogListing, LogPiece, LogReader, ReplayBase } from '../../log.ts';
import { WatchedLog } from '../../watched-log.ts';
import { lsnText } from '../lsn.ts';
import type { Way } from '../stream/resume.ts';
import { startsOf, type Start } from './choose-way.ts';
import { onListing } from './moving-log.ts';
import { isWhole, leadsThrough, legsFrom, newestKnown, wayTo, type Leg } from './survey-log.ts';
import { reachableMs } from './unreachable.ts';

/** See `LogKeeping.holes`. What the second look finds as well is missing: while a stream goes on, pieces are replaced by others. */
export async function holesOf(
  log: LogReader,
  bases: readonly ReplayBase[],
  placeOf: (facts: Readonly<Record<string, unknown>>) => LogBasePlace | undefined,
  signal?: AbortSignal,
): Promise<LogHole[]> {
  const starts = startsOf(bases, placeOf);
  const watched = new WatchedLog(log);
  const first = await look(watched, starts, signal);
  if (first.length === 0) return [];
  const again = await look(watched, starts, signal);
  return again.filter((hole) => first.some(({ from, timeline }) => from === hole.from && timeline === hole.timeline));
}

function look(log: WatchedLog, all: readonly Start[], signal: AbortSignal | undefined): Promise<LogHole[]> {
  return onListing(log, signal, (listing) => holesIn(listing, log, all, signal));
}

async function holesIn(
  listing: LogListing,
  log: LogReader,
  all: readonly Start[],
  signal: AbortSignal | undefined,
): Promise<LogHole[]> {
  if (listing.pieces.length === 0) return [];
  const way = await wayTo(log, listing);
  const starts = inOrder(all, way);
  const holes: LogHole[] = [];
  for (const [index, start] of starts.entries()) {
    const legs = legsFrom(start.place, listing.pieces, way, start.segmentBytes);
    if (isWhole(legs, listing.pieces, way)) break;
    const end = legs.at(-1) as Leg;
    // Nothing is missing up to a newer point: what is behind that one it sees itself.
    const next = starts[index + 1];
    if (next !== undefined && isIn(next.place, legs)) continue;
    const behind = behindOf(listing, way, end);
    // Where the log stops there is no hole: nobody streams.
    if (behind === undefined) continue;
    const closing = starts.slice(index + 1).find(({ place }) => !isIn(place, legs));
    holes.push({
      timeline: end.timeline,
      from: lsnText(end.to),
      to: lsnText(behind.at),
      toTimeline: behind.timeline,
      point: start.base.id,
      reachableMs: reachableMs(await newestKnown(log, legs, listing, start.segmentBytes, signal)) ?? start.base.atMs,
      nextMs: closing?.base.atMs,
      hasLogBefore: hasLogBefore(listing, way, end),
      damaged: behind.damaged,
    });
  }
  return holes;
}

/** By where they stand on the way. */
const inOrder = (starts: readonly Start[], way: Way): Start[] =>
  starts
    .filter(({ place }) => leadsThrough(place, way))
    .toSorted((a, b) => a.place.timeline - b.place.timeline || (a.place.end < b.place.end ? -1 : 1));

const isIn = ({ timeline, end }: LogBasePlace, legs: readonly Leg[]): boolean =>
  legs.some((leg) => leg.timeline === timeline && leg.from <= end && end <= leg.to);

function hasLogBefore({ pieces }: LogListing, { forks }: Way, { timeline, to }: Leg): boolean {
  const own = forks.findIndex((fork) => fork.timeline === timeline);
  const earlier = new Set((own < 0 ? forks : forks.slice(0, own)).map((fork) => fork.timeline));
  return pieces.some((piece) => earlier.has(piece.timeline) || (piece.timeline === timeline && piece.start < to));
}

/** Where on the way log can be read again behind the end of the legs, or where what is damaged there ends; and what is damaged up to there. */
function behindOf(
  { pieces }: LogListing,
  way: Way,
  end: Leg,
): { readonly timeline: number; readonly at: bigint; readonly damaged: readonly string[] } | undefined {
  const timelines = [...way.forks.map((fork) => fork.timeline), way.timeline];
  const damaged: LogPiece[] = [];
  for (const timeline of timelines.slice(timelines.indexOf(end.timeline))) {
    const fork = way.forks.find((one) => one.timeline === timeline);
    for (const piece of pieces) {
      if (piece.timeline !== timeline || piece.end <= end.to || (fork !== undefined && piece.start >= fork.at))
        continue;
      if (piece.damaged !== undefined) damaged.push(piece);
      else if (piece.start > end.to) return { timeline, at: piece.start, damaged: objectsOf(damaged) };
    }
  }
  const last = damaged.at(-1);
  return last === undefined ? undefined : { timeline: last.timeline, at: last.end, damaged: objectsOf(damaged) };
}

const objectsOf = (pieces: readonly LogPiece[]): string[] => pieces.flatMap(({ damaged }) => damaged ?? []);
