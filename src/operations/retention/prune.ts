import { join } from 'node:path';
import { LifeboatError, toLifeboatError } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { PruneOptions, PrunePlan, PruneResult, Repository } from '../../repository/index.ts';
import { damagedObjects } from '../backup.ts';
import type { Workspace } from '../contract.ts';
import { extendLocks } from './locks.ts';
import { pruneLogs, type PrunedLog } from './prune-logs.ts';
import { explain, recordsOfOthers, requireExplained, requireNoneVanished, type Explanation } from './prune-alarm.ts';
import { coolStore, moveAway, type TierReport } from './tiers.ts';
import { applyRetention, decideRetention, type RetentionPlan, type RetentionReport } from './retention.ts';

export interface PruneRequest {
  readonly store: string;
  readonly dryRun: boolean;
  /** Retention is not asked: no point goes. */
  readonly keepPoints: boolean;
  readonly rewriteBytesMax?: number;
  /** What was sealed under an earlier key epoch is written anew under the newest, within `rewriteBytesMax`. */
  readonly rekey?: boolean;
  /** Writers that somebody knows to be dead, by the ids of their sessions. */
  readonly evict: readonly string[];
  /** Also where more would go than decisions on record explain. */
  readonly anyway: boolean;
  readonly signal?: AbortSignal;
}

export interface PruneReport {
  readonly store: string;
  readonly dryRun: boolean;
  /** Undefined where retention was not asked. */
  readonly retention: RetentionPlan | RetentionReport | undefined;
  readonly result: PruneResult;
  /** Undefined where retention was not asked. */
  readonly tiers: TierReport | undefined;
  /** Where something of a log went, or would go, or stays because nobody knows. */
  readonly logs: readonly PrunedLog[];
  readonly explanation: Explanation;
  readonly seconds: number;
}

type ListedPoints = Awaited<ReturnType<Repository['points']>>;

/**
 * Lets go of the points that the policies of the plan do not keep, then deletes what no point needs: the one way a prune happens. May be
 * stopped or killed, and repeated. Throws `prune.blind`, `prune.unexplained`, `store.busy`, `operation.busy`, and the errors of the store.
 */
export async function prune(workspace: Workspace, request: PruneRequest): Promise<PruneReport> {
  const { clock, journal, stateFolder } = workspace;
  const { store, dryRun } = request;
  if (dryRun) return tryDry(workspace, request);
  const lock = holdLock(join(stateFolder, 'locks', `prune-${store}`), `prune of ${store}`);
  const startedMs = clock.elapsed();
  const intent = journal.append('prune.started', {
    store,
    keepPoints: request.keepPoints,
    evict: request.evict,
  }).sequence;
  try {
    const listed = await pointsOf(workspace, request);
    const before = listed.points;
    const others = await recordsOfOthers(workspace, store);
    // Before retention, which would go on where somebody else began.
    if (!request.anyway) requireNoneVanished(store, explain(workspace, store, { before, others }));
    const retention = request.keepPoints ? undefined : await retain(workspace, request, listed);
    const away = retention === undefined ? [] : await moveAway(workspace, retention, request);
    const explanation = explain(workspace, store, { before, others });
    const result = await execute(workspace, request, explanation);
    const tiers = retention && { away, ...(await coolStore(workspace, retention, request)) };
    // Last: while a point is there, its log is.
    const logs = await pruneLogs(workspace, { ...request, going: new Set() });
    // Behind retention: what lives on is locked for longer, what goes is not.
    await extendLocks(workspace, store, { signal: request.signal });
    const seconds = (clock.elapsed() - startedMs) / 1000;
    journal.append('prune.finished', { intent, store, ...recordOf(result), logs, explanation, seconds });
    return { store, dryRun, retention, result, tiers, logs, explanation, seconds };
  } catch (error) {
    journal.append('prune.failed', { intent, store, error: toLifeboatError(error).toJSON() });
    throw error;
  } finally {
    lock.release();
  }
}

async function tryDry(workspace: Workspace, request: PruneRequest): Promise<PruneReport> {
  const { clock } = workspace;
  const { store, signal } = request;
  const startedMs = clock.elapsed();
  const listed = await pointsOf(workspace, request);
  const before = listed.points;
  const retention = request.keepPoints ? undefined : await decideRetention(workspace, store, signal, listed);
  const away = retention === undefined ? [] : await moveAway(workspace, retention, request);
  const going = [
    ...(retention?.decisions ?? []).filter(({ keep }) => !keep).map(({ point }) => point.id),
    ...away.filter(({ stays }) => stays === undefined).map(({ point }) => point),
  ];
  const others = await recordsOfOthers(workspace, store);
  const explanation = explain(workspace, store, { before, others, going });
  const result = await (
    await workspace.repository(store)
  ).prune({
    ...optionsOf(workspace, request),
    without: new Set(going),
  });
  const logs = await pruneLogs(workspace, { ...request, going: new Set(going) });
  const tiers = retention && { away, ...(await coolStore(workspace, retention, request)) };
  return {
    store,
    dryRun: true,
    retention,
    result,
    tiers,
    logs,
    explanation,
    seconds: (clock.elapsed() - startedMs) / 1000,
  };
}

async function retain(
  workspace: Workspace,
  { store, signal }: PruneRequest,
  listed: ListedPoints,
): Promise<RetentionReport> {
  return applyRetention(workspace, await decideRetention(workspace, store, signal, listed), signal);
}

async function execute(workspace: Workspace, request: PruneRequest, explanation: Explanation): Promise<PruneResult> {
  const repository = await workspace.repository(request.store);
  return repository.prune({
    ...optionsOf(workspace, request),
    approve: async (plan: PrunePlan) => {
      if (!request.anyway) requireExplained(request.store, plan, explanation);
    },
  });
}

const optionsOf = (workspace: Workspace, request: PruneRequest): PruneOptions => ({
  clock: workspace.clock,
  host: workspace.host,
  dryRun: request.dryRun,
  rewriteBytesMax: request.rewriteBytesMax,
  rekey: request.rekey === true,
  evict: request.evict,
  distrust: damagedObjects(workspace, request.store),
  progress: workspace.progress,
  ...(request.signal === undefined ? {} : { signal: request.signal }),
});

/** Each read anew: what was read before tells nothing of damage that came since. Throws `prune.blind`. */
async function pointsOf(workspace: Workspace, { store, signal }: PruneRequest): Promise<ListedPoints> {
  const listed = await (await workspace.repository(store)).points({ fresh: true, signal });
  const bad = listed.damage.find(({ kind }) => kind === 'point');
  if (bad === undefined) return listed;
  // Said before retention lets anything go: the prune behind it could delete nothing.
  throw new LifeboatError('prune.blind', `${bad.object}: ${bad.what}, so nobody knows what that point needs`, {
    where: bad.object,
    hint: `Nothing was deleted. Bring the object back from another store, or give the point up: lifeboat points forget ${bad.points[0] ?? 'POINT'} --anyway`,
  });
}

function recordOf(result: PruneResult): Record<string, unknown> {
  const { points, held, deleted, rewritten, waiting, neededAgain, retained, indexes, evicted, writers, outdated } =
    result;
  return {
    points,
    held,
    deleted,
    rewritten,
    outdated,
    waiting,
    neededAgain,
    retained: { objects: retained.length, reason: retained[0]?.reason ?? null },
    indexes,
    evicted,
    writers: writers.map(({ id, host, asset }) => ({ id, host, asset })),
  };
}
