import { lsnText } from '../lsn.ts';
import type { Standing } from './follow.ts';
import type { FollowedLog } from './followed-log.ts';

/** Why a standby can never follow the log that is in the store; undefined while it can, or when nothing new is there. */
export function reasonLost(log: FollowedLog, { timeline, replayed }: Standing): string | undefined {
  const { way, listing } = log;
  if (way !== undefined && timeline > way.timeline && listing.pieces.some((piece) => piece.timeline === timeline))
    return `people went back from timeline ${timeline}, which the standby is on, to timeline ${way.timeline}`;
  if (way === undefined || replayed === 0n || timeline > way.timeline) return log.lack;
  const fork = way.forks.find((one) => one.timeline === timeline);
  if (timeline < way.timeline && fork === undefined)
    return `the source is on timeline ${way.timeline}, which did not come from timeline ${timeline} of the standby`;
  if (fork !== undefined && replayed > fork.at)
    return `the source left timeline ${timeline} at ${lsnText(fork.at)}, and the standby had replayed it to ${lsnText(replayed)}`;
  // What is missing in between shows when the server asks for it.
  return log.lack;
}
