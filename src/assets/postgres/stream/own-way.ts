import { isLifeboatError } from '../../../core/index.ts';
import { coveredTo } from '../../log-ranges.ts';
import type { LogFork, LogListing, LogReader } from '../../log.ts';
import { forksOf } from '../lsn.ts';
import { readStretch } from '../recovery/stretch.ts';
import { keepTablespacesInside } from '../recovery/tablespace-records.ts';
import type { Way } from './resume.ts';

/**
 * The way as far back as the log is of the same life. A timeline that was left may have given its number to another one: then its history differs, where it has one,
 * or what it says just before the fork. Both are of a server that was put back, or promoted without asking the log.
 */
export async function ownWay(
  log: Pick<LogReader, 'history' | 'read'>,
  listing: Pick<LogListing, 'histories' | 'pieces'>,
  way: Way,
): Promise<Way> {
  const { forks } = way;
  for (let index = forks.length - 1; index >= 0; index -= 1) {
    const fork = forks[index] as LogFork;
    const next = forks[index + 1]?.timeline ?? way.timeline;
    const isKnown = index > 0 && listing.histories.includes(fork.timeline);
    const isOwn =
      (!isKnown || (await mayBe(log, fork.timeline, forks.slice(0, index)))) && (await meet(log, listing, fork, next));
    if (!isOwn) return { ...way, forks: forks.slice(index + 1), begins: fork.at };
  }
  return way;
}

/** Whether the log's timeline of this number may have come to be like this. */
async function mayBe(log: Pick<LogReader, 'history'>, timeline: number, forks: readonly LogFork[]): Promise<boolean> {
  try {
    const said = forksOf(await log.history(timeline));
    return said.length === forks.length && said.every((one, index) => isSameFork(one, forks[index] as LogFork));
  } catch (error) {
    // Damaged, or the store is away: `verify` names the one, and the stream the other.
    if (isLifeboatError(error)) return true;
    throw error;
  }
}

const isSameFork = (one: LogFork, other: LogFork): boolean => one.timeline === other.timeline && one.at === other.at;

/** Whether two timelines say the same in the segment of the fork, up to it: a server copies that into the next timeline. True where one of them says nothing. */
async function meet(
  log: Pick<LogReader, 'read'>,
  { pieces }: Pick<LogListing, 'pieces'>,
  { timeline, at }: LogFork,
  next: number,
): Promise<boolean> {
  const first = pieces.find((piece) => piece.timeline === next && piece.damaged === undefined);
  if (first === undefined || first.start >= at) return true;
  const { start } = first;
  const ends = [at, coveredTo(pieces, timeline, start), coveredTo(pieces, next, start)];
  const end = ends.reduce((least, one) => (one < least ? one : least));
  if (end <= start) return true;
  try {
    const before = await readStretch(log, pieces, { timeline, start, end }, {});
    const behind = await readStretch(log, pieces, { timeline: next, start, end }, {});
    if (before.equals(behind)) return true;
    // What we restored was given the log without the places of tablespaces.
    return keepTablespacesInside(before, start) > 0 && before.equals(behind);
  } catch (error) {
    // As above, or a record that nobody can tell about.
    if (isLifeboatError(error)) return true;
    throw error;
  }
}
