import { join } from 'node:path';
import { LifeboatError, limits } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import {
  decideRetention as decide,
  retentionRules,
  retentionTiers,
  type Plan,
  type RetentionDecision,
  type RetentionRequest,
  type TierDecision,
} from '../../plan/index.ts';
import type { Damage, Hold, Point, Repository } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';
import { holdWords, isHolding } from './holds.ts';
import { livesLedTo } from './lives.ts';
import { proofsOf } from '../points.ts';

/** Which points of a store stay and which go, and why: printable, and executed as it stands. */
export interface RetentionPlan {
  readonly store: string;
  /** By asset, kind and age. */
  readonly decisions: readonly RetentionDecision[];
  /** Where points that stay belong by their age, for assets whose policy has tiers. */
  readonly tiers: readonly TierDecision[];
  readonly holds: readonly Hold[];
  /** Points and holds that cannot be read: no rule of time takes such a point. */
  readonly damage: readonly Damage[];
  readonly decidedMs: number;
}

export interface RetentionReport extends RetentionPlan {
  /** Points that are gone from the store now. */
  readonly forgotten: readonly string[];
  /** Points that were to go and stay: a lock of the store, or a hold that came meanwhile. */
  readonly retained: readonly { point: string; reason: string }[];
}

/**
 * What the policies of the plan, the holds in the store and what the journal knows of verifications and restores mean for the points
 * of this store now; changes nothing. Every point is read anew, if it was not (`known`): one that was harmed since it was last read must not stand for
 * the newest. A point that cannot be read is not judged and stays. Throws the errors of the store.
 */
export async function decideRetention(
  workspace: Workspace,
  store: string,
  signal?: AbortSignal,
  known?: { readonly points: readonly Point[]; readonly damage: readonly Damage[] },
): Promise<RetentionPlan> {
  const options = signal === undefined ? {} : { signal };
  const repository = await workspace.repository(store);
  // The holds are read last: one that is placed while points are listed counts.
  const listed = known ?? (await repository.points({ ...options, fresh: true }));
  const led = await livesLedTo(workspace, store, listed.points, signal);
  const held = await repository.holds(options);
  const nowMs = workspace.clock.now();
  const request: RetentionRequest = {
    points: retainedPoints(workspace, store, listed.points, led),
    rulesOf: rulesOf(workspace.plan),
    holds: held.holds.map((hold) => ({
      id: hold.id,
      point: hold.point,
      asset: hold.asset,
      untilMs: hold.untilMs,
      words: holdWords(hold),
    })),
    nothingGoes: unreadableHold(held.damage),
    timezone: workspace.plan.timezone,
    nowMs,
  };
  const decisions = decide(request);
  return {
    store,
    decisions,
    tiers: retentionTiers(decisions, request),
    holds: held.holds,
    damage: [...listed.damage, ...held.damage],
    decidedMs: nowMs,
  };
}

/**
 * Forgets the points that a decision gives up, one by one, each with its reason in the journal. Their data stays until a prune. A point
 * on which a hold was placed meanwhile, or that the store keeps, is named and stays. May be repeated, after a crash too.
 * Throws `operation.cancelled` and the errors of the store; what is gone until then is journaled.
 */
export async function applyRetention(
  workspace: Workspace,
  plan: RetentionPlan,
  signal?: AbortSignal,
): Promise<RetentionReport> {
  // One at a time with whoever forgets by hand, or places a hold.
  const lock = holdLock(join(workspace.stateFolder, 'locks', 'forget'), 'forgetting points');
  try {
    const repository = await workspace.repository(plan.store);
    const isHeld = holdsLookedAt(workspace, repository, plan);
    const forgotten: string[] = [];
    const retained: { point: string; reason: string }[] = [];
    for (const decision of plan.decisions.filter(({ keep }) => !keep)) {
      if (signal?.aborted) throw new LifeboatError('operation.cancelled', 'retention was stopped on request');
      const { id } = decision.point;
      const reason = (await isHeld(decision)) ?? (await forgetOne(workspace, repository, plan.store, decision));
      if (reason === undefined) forgotten.push(id);
      else retained.push({ point: id, reason });
    }
    return { ...plan, forgotten, retained };
  } finally {
    lock.release();
  }
}

/** With its intent before and what came of it after. Returns why the store keeps it all the same. */
export async function forgetOne(
  { journal }: Workspace,
  repository: Repository,
  store: string,
  { point, reasons }: RetentionDecision,
  by: 'retention' | 'tiers' = 'retention',
): Promise<string | undefined> {
  const { id, asset, atMs } = point;
  const reason = reasons.map(({ words }) => words).join('; ');
  const intent = journal.append('forget.started', { point: id, asset, atMs, stores: [store], by, reason });
  const error = await forgetIn(repository, id);
  const outcome = { intent: intent.sequence, point: id, asset, forgotten: error === undefined ? [store] : [] };
  if (error === undefined) return void journal.append('forget.finished', outcome);
  journal.append('forget.failed', { ...outcome, error: error.toJSON() });
  if (error.code !== 'store.denied') throw error;
  return error.message;
}

export const rulesOf =
  (plan: Plan): RetentionRequest['rulesOf'] =>
  (asset) => {
    const declaration = plan.assets.get(asset);
    if (declaration === undefined) return 'unknown';
    return retentionRules(plan.policies.get(declaration.policy ?? '')?.keep);
  };

function retainedPoints(
  workspace: Workspace,
  store: string,
  points: readonly Point[],
  led: Awaited<ReturnType<typeof livesLedTo>>,
): RetentionRequest['points'] {
  const proofs = proofsOf(workspace);
  return points.map(({ id, asset, kind, atMs }) => {
    const outcome = proofs.verified.get(id)?.get(store);
    return {
      id,
      asset,
      kind,
      atMs,
      verifiedMs: outcome?.sound === true ? outcome.atMs : undefined,
      provenMs: proofs.proven.get(id),
      damaged: outcome?.sound === false,
      leadsTo: led.get(id) ?? [],
    };
  });
}

const unreadableHold = ([first]: readonly Damage[]): string | undefined =>
  first === undefined ? undefined : `${first.object} cannot be read (${first.what}), and may hold any point`;

/** The hold on a point that may go, if one was placed meanwhile: looked at again while many points go, for an incident is declared at any moment. */
export function holdsLookedAt(
  { clock }: Workspace,
  repository: Repository,
  plan: Pick<RetentionPlan, 'decidedMs'>,
): (decision: RetentionDecision) => Promise<string | undefined> {
  let seenMs = -Infinity;
  let seen: Awaited<ReturnType<Repository['holds']>> = { holds: [], damage: [] };
  return async ({ point }) => {
    if (clock.elapsed() - seenMs >= limits.holdsLookedAtMs) {
      seen = await repository.holds();
      seenMs = clock.elapsed();
    }
    const holds = (one: Hold): boolean =>
      isHolding(one, plan.decidedMs) && (one.point === point.id || one.asset === point.asset);
    const hold = seen.holds.find(holds);
    return hold === undefined ? unreadableHold(seen.damage) : holdWords(hold);
  };
}

/** The error that keeps it; undefined when it is gone, also if it was before. */
async function forgetIn(repository: Repository, point: string): Promise<LifeboatError | undefined> {
  try {
    await repository.forget(point);
    return undefined;
  } catch (error) {
    if (!(error instanceof LifeboatError)) throw error;
    return error.code === 'point.missing' ? undefined : error;
  }
}
