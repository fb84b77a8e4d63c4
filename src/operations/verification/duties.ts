import { formatBytes, formatDuration, limits } from '../../core/index.ts';
import type { Policy } from '../../plan/index.ts';
import { gapOf } from './budget.ts';

/** One thing that a policy asks of its points, judged in one store. */
export interface DutyCheck {
  readonly asset: string;
  readonly store: string;
  /** `kept`: what those who keep copies of others say. `log`: a hole in it. */
  readonly check: DutyName | 'kept' | 'log';
  /** `unknown` is never ok: nothing has shown it yet. */
  readonly verdict: 'ok' | 'failed' | 'unknown';
  /** With figures, without a full stop. */
  readonly words: string;
}

export type DutyName = 'exists' | 'age' | 'checksum' | 'decrypts' | 'count' | 'restores' | 'everything';

/** A point as its duties see it. */
export interface DutyPoint {
  readonly id: string;
  readonly atMs: number;
  readonly bytes: number;
  /** Since when every byte of it has been read back sound in this store. */
  readonly verifiedMs: number | undefined;
  readonly damaged: boolean;
  readonly provenMs: number | undefined;
  /** It needs packs that must thaw before they are read. */
  readonly frozen?: boolean;
}

export interface DutyFacts {
  readonly asset: string;
  readonly store: string;
  readonly policy: Policy;
  /** How much later than in the first store a point may be here. */
  readonly lagMs: number;
  /** Of this asset in this store, oldest first. */
  readonly points: readonly DutyPoint[];
  readonly nowMs: number;
  /** What the verification passed over in this store because it must thaw first. */
  readonly unread?: { readonly packs: number; readonly bytes: number };
}

/** What the policy's `verify` asks, in the order of its words; nothing where it asks nothing. */
export function judgeDuties(facts: DutyFacts): DutyCheck[] {
  const { asset, store } = facts;
  return dutiesOf(facts.policy).map((check) => ({ asset, store, check, ...judges[check](facts) }));
}

/** What is named in `asks`; without it, what can be asked of any point. Limits that are stated are always asked. */
function dutiesOf({ verifies, keeps }: Policy): DutyName[] {
  if (verifies === undefined) return [];
  const asks = (verifies.asks ?? [
    'exists',
    'checksum',
    'decrypts',
    ...(keeps.atLeast === undefined ? [] : ['count']),
  ]) as DutyName[];
  return [
    ...new Set<DutyName>([
      ...asks,
      ...(verifies.youngerThanMs === undefined ? [] : ['age' as const]),
      ...(verifies.readEverythingMs === undefined ? [] : ['everything' as const]),
    ]),
  ];
}

type Judgement = Pick<DutyCheck, 'verdict' | 'words'>;

const judges: Record<DutyName, (facts: DutyFacts) => Judgement> = {
  exists: ({ points, nowMs }) => {
    const newest = points.at(-1);
    if (newest === undefined) return failed('there is no point');
    return ok(`${count(points, 'point')}, the newest of ${ago(nowMs, newest.atMs)}, ${formatBytes(newest.bytes)}`);
  },
  age: ({ points, policy, lagMs, nowMs }) => {
    // One of a time that has not come, or that is damaged, is not what the promise means.
    const newest = points.findLast(({ atMs, damaged }) => !damaged && atMs <= nowMs + limits.clockToleranceMs);
    if (newest === undefined) return failed('there is no sound point');
    const allowedMs = (policy.verifies?.youngerThanMs ?? longestGap(policy, nowMs)) + lagMs;
    const ageMs = Math.max(0, nowMs - newest.atMs);
    const words = `the newest sound point is ${formatDuration(ageMs)} old, ${formatDuration(allowedMs)} are allowed`;
    return ageMs <= allowedMs ? ok(words) : failed(words);
  },
  checksum: (facts) => judgeReading(facts, 'whole as stored'),
  decrypts: (facts) => judgeReading(facts, 'opened with the key and compared with what was backed up'),
  count: ({ points, policy }) => {
    const sound = points.filter(({ damaged }) => !damaged);
    const least = policy.keeps.atLeast ?? 1;
    const words = `${count(sound, 'sound point')}, at least ${least} must be there`;
    return sound.length >= least ? ok(words) : failed(words);
  },
  restores: ({ points, nowMs }) => {
    const provenMs = Math.max(...points.map((point) => point.provenMs ?? -Infinity));
    return provenMs === -Infinity
      ? unknown('no point that is there was ever restored with its checks green')
      : ok(`one was restored with its checks green ${ago(nowMs, provenMs)}`);
  },
  everything: (facts) => {
    const { policy, nowMs } = facts;
    const windowMs = policy.verifies?.readEverythingMs ?? Infinity;
    const late = facts.points.filter(({ atMs, verifiedMs }) => nowMs - (verifiedMs ?? atMs) > windowMs);
    // A thaw costs hours and money each time: what is frozen is passed over, and said.
    const due = late.filter(({ frozen }) => frozen !== true);
    const never = late.filter(({ frozen, verifiedMs }) => frozen === true && verifiedMs === undefined);
    const words = `of ${count(due, 'point')} not every byte was read within ${formatDuration(windowMs)}`;
    const cold = unreadWords(facts);
    if (due.length > 0) return failed(`${words}: lifeboat verify --due${cold}`);
    if (never.length > 0)
      return unknown(`${count(never, 'point')} froze before every byte was read back once: ${thawOnce}${cold}`);
    const read = late.length === 0 ? 'every byte' : 'every byte of what is not frozen';
    return ok(`${read} was read within ${formatDuration(windowMs)}, or is not that old${cold}`);
  },
};

const thawOnce = 'thaw them (lifeboat store thaw), then lifeboat verify';

function unreadWords({ points, unread }: DutyFacts): string {
  const frozen = points.filter((point) => point.frozen === true);
  if (frozen.length === 0 || unread === undefined) return '';
  const packs = unread.packs === 1 ? '1 pack' : `${unread.packs} packs`;
  return `; ${count(frozen, 'point')} could not be read whole now, for ${formatBytes(unread.bytes)} in ${packs} of the store lie frozen`;
}

/** Damage in any point is red; of the newest every byte must have been read. */
function judgeReading({ points, nowMs }: DutyFacts, what: string): Judgement {
  const damaged = points.filter((point) => point.damaged);
  const newest = points.at(-1);
  if (newest === undefined) return failed('there is no point');
  if (damaged.length > 0) return failed(`${count(damaged, 'point')} of ${points.length} found damaged`);
  if (newest.verifiedMs === undefined) return unknown('not every byte of the newest point was read back yet');
  const read = points.filter(({ verifiedMs }) => verifiedMs !== undefined);
  const bytes = read.reduce((sum, point) => sum + point.bytes, 0);
  return ok(
    `${what}: ${count(read, 'point')} of ${points.length}, ${formatBytes(bytes)}; the newest read ${ago(nowMs, newest.verifiedMs)}`,
  );
}

/** Without a limit of its own: the longest time between two points that the calendar allows, and the time that taking one may last. */
function longestGap({ every, budgetMs }: Policy, nowMs: number): number {
  return gapOf(every, nowMs) + (budgetMs ?? 0) + limits.pointGraceMs;
}

const count = (of: readonly unknown[], what: string): string => `${of.length} ${what}${of.length === 1 ? '' : 's'}`;
const ago = (nowMs: number, ms: number): string => `${formatDuration(Math.max(0, nowMs - ms))} ago`;
const ok = (words: string): Judgement => ({ verdict: 'ok', words });
const failed = (words: string): Judgement => ({ verdict: 'failed', words });
const unknown = (words: string): Judgement => ({ verdict: 'unknown', words });
