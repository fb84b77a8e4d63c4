import { join } from 'node:path';
import { formatBytes, LifeboatError, toLifeboatError } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { CoolResult } from '../../repository/index.ts';
import { damagedObjects } from '../backup.ts';
import type { Workspace } from '../contract.ts';
import { replicate } from '../replication/replicate.ts';
import { forgetOne, holdsLookedAt, type RetentionPlan } from './retention.ts';

/** What the tiers of the policies mean for one store: printable, and what was done. */
export interface TierReport {
  /** Undefined where no point has a class here, or the store has no classes. */
  readonly classes: CoolResult | undefined;
  /** Points whose tier is another store: from here they go when they are whole there. */
  readonly away: readonly AwayPoint[];
  /** What is to be said beside it. */
  readonly notes: readonly string[];
}

export interface AwayPoint {
  readonly point: string;
  readonly asset: string;
  readonly to: string;
  /** Why it stays here all the same; undefined: it goes. */
  readonly stays: string | undefined;
}

export interface TierRequest {
  readonly store: string;
  readonly dryRun: boolean;
  readonly rewriteBytesMax?: number;
  readonly signal?: AbortSignal;
}

/** What speaks for keeping a point where it was made speaks against moving it away. */
const guards: ReadonlySet<string> = new Set([
  'newest',
  'verified',
  'proven',
  'hold',
  'future',
  'unsound',
  'pitr',
  'atLeast',
]);

/** Which points belong into another store by their age, and what keeps some of them here. */
export function pointsAway({ store, tiers, decisions }: RetentionPlan): AwayPoint[] {
  const reasons = new Map(decisions.map((decision) => [decision.point.id, decision.reasons]));
  return tiers.flatMap(({ point, asset, store: to }) => {
    if (to === undefined || to === store) return [];
    const guard = reasons.get(point)?.find(({ rule }) => guards.has(rule));
    return [{ point, asset, to, stays: guard?.words }];
  });
}

/**
 * Copies points to the stores of their tiers, with what they need and nothing else, looks there whether each point is whole, and forgets it here. A point that
 * is not whole there, or that something keeps here, stays and is named. May be repeated, after a crash too.
 */
export async function moveAway(
  workspace: Workspace,
  retention: RetentionPlan,
  { store, dryRun, signal }: TierRequest,
): Promise<AwayPoint[]> {
  const points = pointsAway(retention);
  if (dryRun) return points;
  const done: AwayPoint[] = points.filter(({ stays }) => stays !== undefined);
  for (const [to, going] of Map.groupBy(
    points.filter(({ stays }) => stays === undefined),
    (one) => one.to,
  )) {
    try {
      done.push(...(await moveTo(workspace, retention, { from: store, to, going, signal })));
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const { message, code } = toLifeboatError(error);
      // A store that is away keeps points where they are: nothing is lost by waiting.
      done.push(...going.map((one) => ({ ...one, stays: `it cannot be moved to ${to} now: ${message} [${code}]` })));
    }
  }
  return done;
}

interface Moving {
  readonly from: string;
  readonly to: string;
  readonly going: readonly AwayPoint[];
  readonly signal: AbortSignal | undefined;
}

async function moveTo(workspace: Workspace, retention: RetentionPlan, moving: Moving): Promise<AwayPoint[]> {
  const { from, to, going, signal } = moving;
  const stop = signal === undefined ? {} : { signal };
  const there = await workspace.repository(to);
  const before = new Set((await there.points({ ...stop, fresh: true })).points.map(({ id }) => id));
  const only = new Set(going.map(({ point }) => point).filter((point) => !before.has(point)));
  if (only.size > 0) await replicate(workspace, { from, to, only, ...stop });
  // Packs of single points come without an index, now or in a run that was killed: each reader would have to ask every one of them.
  await there.rebuildIndex();
  const { points } = await there.points(stop);
  const copies = points.filter(({ id }) => going.some(({ point }) => point === id));
  // Every object that they need is there in its full size, and what they name can be read: looked at again, whoever copied it.
  const { sound } = await there.verify({ depth: 'structure', points: copies, ...stop });
  return forgetMoved(workspace, retention, moving, new Set(sound));
}

/** What is whole there goes here, but for what a hold has come to keep while it was copied. */
async function forgetMoved(
  workspace: Workspace,
  retention: RetentionPlan,
  { from, to, going, signal }: Moving,
  sound: ReadonlySet<string>,
): Promise<AwayPoint[]> {
  const done: AwayPoint[] = [];
  // One at a time with whoever forgets by hand, or places a hold.
  const lock = holdLock(join(workspace.stateFolder, 'locks', 'forget'), 'moving points');
  try {
    const repository = await workspace.repository(from);
    const isHeld = holdsLookedAt(workspace, repository, retention);
    for (const one of going) {
      const decision = retention.decisions.find(({ point }) => point.id === one.point);
      if (decision === undefined || !sound.has(one.point)) {
        done.push({ ...one, stays: `it is not whole in ${to} yet` });
        continue;
      }
      if (signal?.aborted === true)
        throw new LifeboatError('operation.cancelled', 'moving points was stopped on request');
      const why = { ...decision, reasons: [{ rule: 'expired' as const, words: `moved to ${to}`, untilMs: undefined }] };
      const kept = (await isHeld(decision)) ?? (await forgetOne(workspace, repository, from, why, 'tiers'));
      done.push({ ...one, stays: kept });
    }
    return done;
  } finally {
    lock.release();
  }
}

/** Moves packs to the classes of the points that stay here. */
export async function coolStore(
  workspace: Workspace,
  retention: RetentionPlan,
  request: TierRequest,
): Promise<Pick<TierReport, 'classes' | 'notes'>> {
  const { clock, host, journal, progress } = workspace;
  const { store, dryRun, signal } = request;
  const due = retention.tiers.filter(
    (one) => one.class !== undefined && (one.store === undefined || one.store === store),
  );
  if (due.length === 0) return { classes: undefined, notes: [] };
  if ((await workspace.place(store)).reclass === undefined)
    return { classes: undefined, notes: [`${store} has no storage classes: its points stay as they are`] };
  const classes = await (
    await workspace.repository(store)
  ).cool({
    clock,
    host,
    dryRun,
    classes: new Map(due.map((one) => [one.point, one.class ?? ''])),
    rewriteBytesMax: request.rewriteBytesMax,
    distrust: damagedObjects(workspace, store),
    progress,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!dryRun) journal.append('tiers.finished', { store, ...classes });
  return { classes, notes: [] };
}

/** Sentences for people, without a full stop. */
export function tierSentences({ classes, away, notes }: TierReport, dryRun: boolean): string[] {
  const sentences = away.map(({ point, asset, to, stays }) =>
    stays === undefined
      ? `${point} of ${asset} ${dryRun ? 'would move' : 'moved'} to ${to}`
      : `${point} of ${asset} belongs into ${to} and stays here, too: ${stays}`,
  );
  return [...sentences, ...notes, ...(classes === undefined ? [] : classSentences(classes, dryRun))];
}

function classSentences(result: CoolResult, dryRun: boolean): string[] {
  const { moved, waiting, separated, mixed, small, lies, neededFrozen, retained } = result;
  const amount = ({ packs, bytes }: { packs: number; bytes: number }): string =>
    `${formatBytes(bytes)} in ${packs} pack${packs === 1 ? '' : 's'}`;
  const sentences = moved.map((one) => `${amount(one)} ${dryRun ? 'would move' : 'moved'} to the class ${one.class}`);
  if (waiting.packs > 0) sentences.push(`${amount(waiting)} move when ${waiting.writers.join(', ')} has ended`);
  if (separated.packs > 0)
    sentences.push(
      `${amount(separated)} held cold and other content: ${formatBytes(separated.movedBytes)} ${dryRun ? 'would be' : 'were'} written anew apart, the next prunes move what is cold`,
    );
  if (mixed.packs > 0)
    sentences.push(
      `${formatBytes(mixed.coldBytes)} stay beside what backups or younger points need, in ${amount(mixed)}`,
    );
  if (small.packs > 0) sentences.push(`${amount(small)} are too small to be worth a colder class`);
  for (const one of lies) sentences.push(`${amount(one)} lie in the class ${one.class}`);
  if (neededFrozen.packs > 0)
    sentences.push(
      `${amount(neededFrozen)} are frozen, and points need them whose tier has not begun: those must thaw first`,
    );
  for (const { object, reason } of retained.slice(0, 3))
    sentences.push(`the store keeps ${object} in its class: ${reason}`);
  return sentences;
}
