import { join } from 'node:path';
import { isLifeboatError, LifeboatError, toLifeboatError } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { Workspace } from '../contract.ts';
import { holdWords, isHolding } from './holds.ts';
import { listPoints, type ListedPoint, type PointList } from '../points.ts';

export interface ForgetRequest {
  readonly point: string;
  /** Only in this store; default: in every store that has it. */
  readonly store?: string;
  /** Also where a reason speaks for keeping it (`ForgetPlan.reasons`). */
  readonly anyway: boolean;
  readonly signal?: AbortSignal;
}

/** What forgetting would do: printable, and executed as it stands. */
export interface ForgetPlan {
  readonly point: string;
  /** Undefined where the point cannot be read or is gone. */
  readonly asset: string | undefined;
  readonly atMs: number | undefined;
  /** Where it is; none if it was forgotten before. */
  readonly stores: readonly string[];
  /** Sentences that speak for keeping it; none for a point that others of its asset stand in for. */
  readonly reasons: readonly string[];
  /** Stores that did not answer: the point may be there still. */
  readonly unanswered: readonly { store: string; reason: string }[];
}

export interface ForgetReport extends ForgetPlan {
  /** Where it is gone. */
  readonly forgotten: readonly string[];
}

/** Finds the point and what speaks for keeping it; changes nothing. Throws `point.missing`, `plan.unknown_name`. */
export async function planForget(workspace: Workspace, request: ForgetRequest): Promise<ForgetPlan> {
  const { point: id, store, signal } = request;
  if (store !== undefined && !workspace.plan.stores.has(store)) throw unknownStore(workspace, store);
  const list = await listPoints(workspace, undefined, signal);
  const found = list.points.find(({ point }) => point.id === id);
  const unreadable = list.damage.filter(({ kind, points }) => kind === 'point' && points.includes(id));
  const holding = new Set([...(found?.stores ?? []), ...unreadable.map((damage) => damage.store)]);
  const stores = [...holding].filter((name) => store === undefined || name === store);
  if (stores.length === 0 && (list.unanswered.length > 0 || !wasForgotten(workspace, id))) throw noSuchPoint(id, list);
  return {
    point: id,
    asset: found?.point.asset,
    atMs: found?.point.atMs,
    stores,
    reasons:
      stores.length === 0
        ? []
        : [...(await holdsOn(workspace, id, found, stores)), ...reasonsToKeep(id, found, stores, list)],
    unanswered: list.unanswered.map(({ store: name, error }) => ({ store: name, reason: error.message })),
  };
}

/**
 * Takes a point out of the list of points. Its data stays in the stores until a prune finds that nothing else needs it. May be
 * repeated, after a crash too: what is gone already is passed over.
 * Throws `point.needed` for a point that something speaks for keeping, and the errors of `planForget` and of the stores.
 */
export async function forget(workspace: Workspace, request: ForgetRequest): Promise<ForgetReport> {
  // One at a time: of two that forget at once, each would take the other's point for the one that is left.
  const lock = holdLock(join(workspace.stateFolder, 'locks', 'forget'), 'forgetting a point');
  try {
    const plan = await planForget(workspace, request);
    if (plan.stores.length === 0) return { ...plan, forgotten: [] };
    if (plan.reasons.length > 0 && !request.anyway) throw needed(plan);
    return await execute(workspace, plan, request.signal);
  } finally {
    lock.release();
  }
}

async function execute(workspace: Workspace, plan: ForgetPlan, signal: AbortSignal | undefined): Promise<ForgetReport> {
  const { journal } = workspace;
  const intent = journal.append('forget.started', { ...plan }).sequence;
  const forgotten: string[] = [];
  try {
    for (const store of plan.stores) {
      if (signal?.aborted) throw new LifeboatError('operation.cancelled', 'forgetting was stopped on request');
      await forgetIn(workspace, store, plan.point);
      forgotten.push(store);
    }
  } catch (error) {
    const failure = toLifeboatError(error).toJSON();
    journal.append('forget.failed', {
      intent,
      point: plan.point,
      asset: plan.asset ?? null,
      forgotten,
      error: failure,
    });
    throw error;
  }
  journal.append('forget.finished', { intent, point: plan.point, asset: plan.asset ?? null, forgotten });
  return { ...plan, forgotten };
}

async function forgetIn(workspace: Workspace, store: string, point: string): Promise<void> {
  const repository = await workspace.repository(store);
  try {
    await repository.forget(point);
  } catch (error) {
    // Gone since it was listed: that is what was wanted.
    if (!isLifeboatError(error, 'point.missing')) throw error;
  }
}

/** The holds on it in the stores that it would go from, and what cannot be read and may hold it. */
async function holdsOn(
  workspace: Workspace,
  id: string,
  found: ListedPoint | undefined,
  stores: readonly string[],
): Promise<string[]> {
  const nowMs = workspace.clock.now();
  const sentences = new Set<string>();
  for (const store of stores) {
    const { holds, damage } = await (await workspace.repository(store)).holds();
    for (const hold of holds) {
      const isOn = hold.point === id || (hold.asset !== undefined && hold.asset === found?.point.asset);
      if (isOn && isHolding(hold, nowMs)) sentences.add(`it is kept by the ${holdWords(hold)}`);
    }
    for (const { object } of damage) sentences.add(`${object} in ${store} cannot be read, and may hold it`);
  }
  return [...sentences];
}

function reasonsToKeep(
  id: string,
  found: ListedPoint | undefined,
  stores: readonly string[],
  list: PointList,
): string[] {
  if (found === undefined) return ['its object cannot be read now, so nobody can say what it is: another day it may'];
  // Copies in other stores stay.
  if (found.stores.some((store) => !stores.includes(store) && isWholeIn(found, store))) return [];
  const { asset } = found.point;
  const others = list.points.filter(({ point }) => point.asset === asset && point.id !== id);
  const whole = others.filter((item) => item.stores.some((store) => isWholeIn(item, store)));
  if (others.length === 0) return [`it is the last recovery point of ${asset}`];
  if (whole.length === 0) return [`every other recovery point of ${asset} was found damaged`];
  if (found.provenMs !== undefined && whole.every(({ provenMs }) => provenMs === undefined))
    return [`it is the only recovery point of ${asset} that was ever restored with all checks green`];
  return [];
}

const isWholeIn = ({ damagedIn }: ListedPoint, store: string): boolean =>
  damagedIn.every((damaged) => damaged.store !== store);

const needed = ({ point, reasons }: ForgetPlan): LifeboatError =>
  new LifeboatError('point.needed', `the recovery point ${point} is kept: ${reasons.join('; ')}`, {
    where: point,
    hint: 'Take a new point first (lifeboat backup), release the hold, or add --anyway to forget it all the same.',
  });

/** A crash, or a reply that was lost, may have come between the removal and its record: the intent is enough. */
const wasForgotten = ({ journal }: Workspace, point: string): boolean =>
  journal.records({ kinds: ['forget.started'] }).some(({ data }) => data['point'] === point);

function noSuchPoint(id: string, { unanswered }: PointList): LifeboatError {
  const [first] = unanswered;
  if (first !== undefined) {
    return new LifeboatError(
      first.error.code,
      `no store that answers has the point ${id}; ${first.store} did not answer`,
      {
        cause: first.error,
      },
    );
  }
  return new LifeboatError('point.missing', `there is no recovery point ${id}`, { hint: 'List them: lifeboat points' });
}

const unknownStore = ({ plan }: Workspace, store: string): LifeboatError =>
  new LifeboatError('plan.unknown_name', `the plan has no store ${store}`, {
    hint: `It has: ${[...plan.stores.keys()].join(', ')}.`,
  });
