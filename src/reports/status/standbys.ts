import { formatBytes, formatDuration, limits, shellWord } from '../../core/index.ts';
import type { StandbyLine } from '../../operations/index.ts';
import type { StatusFacts } from './facts.ts';
import type { Problem, StandbyStatus } from './status-types.ts';

/** The standbys that this machine keeps, by their own last words. */
export const standbysStatus = ({ standbys = [], nowMs }: StatusFacts): StandbyStatus[] =>
  standbys.map(({ line, isAtWork }) => standbyStatus(line, isAtWork, nowMs));

function standbyStatus(line: StandbyLine, isAtWork: boolean, nowMs: number): StandbyStatus {
  const agoMs = Math.max(0, nowMs - line.at);
  const isSilent = agoMs > limits.streamSilentMs && !isAtWork;
  const { behindBytes, behindSeconds } = 'behindBytes' in line ? line : {};
  const reason = 'reason' in line ? line.reason : undefined;
  const status = {
    asset: line.asset,
    target: line.target,
    store: line.store,
    state: isSilent ? ('silent' as const) : stateOf(line),
    seenMs: line.at,
    behindBytes,
    // What it lacks grows as long as nobody brings it anything.
    behindSeconds: behindSeconds === undefined ? undefined : behindSeconds + (isSilent ? agoMs / 1000 : 0),
    reason,
  };
  return { ...status, problems: problemsOf(status, agoMs) };
}

/** `ended` and `promoted` are no standbys any more, and are not told of. */
const stateOf = ({ state }: StandbyLine): StandbyStatus['state'] =>
  state === 'following' || state === 'waiting' || state === 'seeding' ? state : 'starting';

function problemsOf(status: Omit<StandbyStatus, 'problems'>, agoMs: number): Problem[] {
  const { asset, target, state, reason, behindBytes } = status;
  const about = `the standby of ${asset}`;
  const behind = behindBytes === undefined || behindBytes === 0 ? '' : `, ${formatBytes(behindBytes)} behind`;
  if (state === 'silent') {
    const words = `has said nothing for ${formatDuration(agoMs)}${behind}`;
    return [{ code: 'standby', about, words, hint: `lifeboat standby ${asset} --to ${shellWord(target)}` }];
  }
  if (state !== 'waiting') return [];
  const words = `waits${behind}: ${reason ?? 'it does not say why'}`;
  return [{ code: 'standby', about, words, hint: 'lifeboat check --live' }];
}
