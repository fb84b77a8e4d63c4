import type { Client } from 'pg';
import { inTime, isLifeboatError, LifeboatError, limits, systemClock } from '../../../core/index.ts';
import { newestLife } from '../../log-lives.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { lsnText } from '../lsn.ts';
import type { LogListing, LogReader, LogStreamState } from '../../log.ts';
import { ownWay } from './own-way.ts';
import type { Place, Way } from './resume.ts';

/**
 * A server loses nothing of what it has sent, whatever happens to it: one that stands behind its own log was put back (a snapshot of its volume, a copy that
 * went on with the number of its source), and what it writes from now on is another life under the same number. Throws `log.conflict`. One in recovery may
 * come up to it yet.
 */
export async function mustHaveComeTo(
  place: Place,
  { ordinary, way }: { readonly ordinary: Client; readonly way: Way },
  held: readonly { readonly store: string }[],
): Promise<void> {
  if (place.timeline !== way.timeline) return;
  const { rows } = await ordinary.query<{ at: string | null }>(
    'select case when not pg_is_in_recovery() then pg_current_wal_flush_lsn()::text end as at',
  );
  const at = rows[0]?.at;
  if (typeof at !== 'string' || lsnValue(at) >= place.position) return;
  const stores = held.map(({ store }) => store).join(', ');
  throw new LifeboatError(
    'log.conflict',
    `the server stands at ${at} on timeline ${way.timeline}, behind its log in ${stores}, which goes on there to ${lsnText(place.position)}: it was put back, and is another life under the same number`,
    { where: stores, hint: ownTimelineHint },
  );
}

/** The least of the ways that the logs of the stores are of. */
export async function wayOfStores(
  held: readonly { readonly log: Pick<LogReader, 'history' | 'read'>; readonly listing: LogListing }[],
  way: Way,
): Promise<Way> {
  const late = (): LifeboatError =>
    new LifeboatError('store.unreachable', 'a store does not say how its log came to be');
  let own = way;
  for (const { log, listing } of held) {
    const asked = inTime(ownWay(log, listing, way), { clock: systemClock, ms: limits.storeLookMs, late });
    // One that hangs falls behind in the stream, which says so.
    const found = await asked.catch(() => way);
    if ((found.begins ?? 0n) > (own.begins ?? 0n)) own = found;
  }
  return own;
}

/** What a store has of a timeline is of another life than what the server sends of it. */
export class OtherLife extends LifeboatError {
  readonly timeline: number;

  constructor({ timeline, position }: Place, store: string) {
    super(
      'log.conflict',
      `the server says something else at ${lsnText(position)} on timeline ${timeline} than its log in ${store}: it was put back, and is another life under the same number`,
      { where: store, hint: ownTimelineHint },
    );
    this.timeline = timeline;
  }
}

/** The server’s way from behind the timeline on that is of another life in a store: it was given one of its own since, and that goes on from nothing that is stored. */
export function wayBehind(left: number | undefined, way: Way): Way {
  const index = way.forks.findIndex(({ timeline }) => timeline === left);
  const fork = way.forks[index];
  return fork === undefined ? way : { ...way, forks: way.forks.slice(index + 1), begins: fork.at };
}

/** For whoever has two lives under one number. */
export const ownTimelineHint =
  'Nothing of the log is changed, and nothing of what the server writes now is kept by it. To go on with this server, stop it and give it a timeline of its own: lifeboat wal fork ASSET --to DATADIR; then start it, and the stream. To have back what the log holds: lifeboat restore ASSET --to FOLDER.';

/** The timeline that the log of these stores goes on with, where the server lives on an older one: on a zombie, or what people went back to by other means than ours. */
export async function passedBy(
  held: readonly { readonly store: string; readonly log: LogReader; readonly listing: LogListing }[],
  way: Way,
): Promise<LogStreamState['passedBy']> {
  const found: { store: string; timeline: number }[] = [];
  for (const { store, log, listing } of held) {
    try {
      found.push({ store, timeline: await newestLife(log, listing) });
    } catch (error) {
      // Whoever restores from there hears it, and what is streamed is whole all the same.
      if (!isLifeboatError(error)) throw error;
    }
  }
  const newest = Math.max(0, ...found.map(({ timeline }) => timeline));
  if (newest <= way.timeline) return undefined;
  const stores = found.flatMap(({ store, timeline }) => (timeline > way.timeline ? [store] : []));
  return { timeline: newest, stores };
}

export const passedByWords = ({ timeline, stores }: NonNullable<LogStreamState['passedBy']>, way: Way) => ({
  reason: `the server lives on timeline ${way.timeline}, and its log in ${stores.join(', ')} goes on with timeline ${timeline}: a restore without --timeline follows that one`,
  hint: `What this server writes comes back with --timeline ${way.timeline}. If it was left behind by a failover, stop it, and let the url of the plan lead to the new primary.`,
});
