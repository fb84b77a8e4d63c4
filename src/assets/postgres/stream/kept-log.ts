import type { Client } from 'pg';
import { systemCodeOf } from '../../../core/index.ts';
import { coveredTo } from '../../log-ranges.ts';
import type { LogListing } from '../../log.ts';
import { floorTo, segmentName } from '../lsn.ts';
import { isSameSegment, type Place, type Way } from './resume.ts';

/** A position of the server's own on its way: what it keeps, it keeps on the timeline that was its own there. */
export function placeOnWay(kept: bigint, { forks, timeline, begins = 0n }: Way): Place {
  const position = kept < begins ? begins : kept;
  return { timeline: forks.find(({ at }) => position < at)?.timeline ?? timeline, position };
}

/**
 * Whether the segment is still there, asked of the server; one that may not be asked is believed to have it. `kept`: from where on the slot keeps
 * the log, on every timeline of the way.
 */
export async function serverHas(
  { ordinary, segmentBytes, way }: { ordinary: Client; segmentBytes: number; way: Way },
  place: Place,
  kept: bigint | undefined,
): Promise<boolean> {
  if (kept !== undefined && place.position >= kept) return true;
  try {
    const { rows } = await ordinary.query<{ there: boolean }>(
      'select exists (select from pg_ls_waldir() where name = $1) as there',
      [fileOf(place, way, segmentBytes)],
    );
    return rows[0]?.there === true;
  } catch (error) {
    if (systemCodeOf(error) === '42501') return true;
    throw error;
  }
}

/**
 * Where the log is asked for so that some of what is stored is sent once more, and told from that of another life: from the start of the segment, or of the one before
 * where what is stored ends with a whole one.
 */
export async function overlapping(
  ground: {
    readonly ordinary: Client;
    readonly segmentBytes: number;
    readonly way: Way;
    readonly removed: Place | undefined;
  },
  tail: Place,
  listings: readonly LogListing[],
  kept: bigint,
): Promise<bigint> {
  const { segmentBytes, removed } = ground;
  const start = floorTo(tail.position, segmentBytes);
  const before = { ...tail, position: start - BigInt(segmentBytes) };
  if (start < tail.position || before.position < 0n || isSameSegment(before, removed, segmentBytes)) return start;
  const isStored = listings.some(({ pieces }) => coveredTo(pieces, tail.timeline, before.position) >= start);
  return isStored && (await serverHas(ground, before, kept)) ? before.position : start;
}

/** Where the server answered so, it has removed the segment that it was asked for, or never had it. */
export const isRemoval = (error: unknown): boolean => systemCodeOf(error) === '58P01';

/** The file that the server reads for it: the segment of a fork is the next timeline's. */
function fileOf({ timeline, position }: Place, way: Way, segmentBytes: number): string {
  const index = way.forks.findIndex((fork) => fork.timeline === timeline);
  const fork = way.forks[index];
  const isOfFork = fork !== undefined && floorTo(fork.at, segmentBytes) === floorTo(position, segmentBytes);
  if (!isOfFork) return segmentName(timeline, position, segmentBytes);
  const next = way.forks[index + 1]?.timeline ?? way.timeline;
  return fileOf({ timeline: next, position }, way, segmentBytes);
}
