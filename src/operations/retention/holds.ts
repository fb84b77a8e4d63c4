import { join } from 'node:path';
import { isLifeboatError, isoTime, LifeboatError, timeId, toLifeboatError } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { Damage, Hold } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';
import { listPoints } from '../points.ts';
import { holdersOf } from '../stores-of.ts';

export interface HoldRequest {
  /** Exactly one of both. */
  readonly point?: string;
  readonly asset?: string;
  readonly kind: Hold['kind'];
  readonly reason: string;
  readonly by: string;
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
}

export interface HoldReport {
  readonly hold: Hold;
  /** Where it stands (or stood). */
  readonly stores: readonly string[];
  /** Stores that did not take (or give up) it, with the reason. */
  readonly failures: readonly { store: string; error: LifeboatError }[];
}

export interface HoldList {
  /** Oldest first. */
  readonly holds: readonly { hold: Hold; stores: readonly string[] }[];
  /** Holds that cannot be read: nothing goes from that store by a rule of time. */
  readonly damage: readonly (Damage & { store: string })[];
  readonly unanswered: readonly { store: string; error: LifeboatError }[];
}

/**
 * Puts a hold on a point in every store that has it, or on an asset in every store of its policy. From then on no rule of time takes it,
 * and forgetting it by hand asks for more. Throws `point.missing`, `plan.unknown_name`, and the first store's error when none took it.
 */
export async function placeHold(workspace: Workspace, request: HoldRequest): Promise<HoldReport> {
  const { kind, reason, by, untilMs, asset, point } = request;
  // Nothing is forgotten between the look at the point and the hold, at least not by this machine.
  const lock = holdLock(join(workspace.stateFolder, 'locks', 'forget'), 'placing a hold');
  try {
    const stores = await storesToHold(workspace, request);
    const nowMs = workspace.clock.now();
    const hold: Hold = {
      id: timeId(nowMs),
      kind,
      ...(point === undefined ? {} : { point }),
      ...(asset === undefined ? {} : { asset }),
      reason,
      by,
      createdMs: nowMs,
      ...(untilMs === undefined ? {} : { untilMs }),
    };
    return await recorded(workspace, 'hold', hold, stores, putInto(workspace, hold));
  } finally {
    lock.release();
  }
}

/**
 * Takes a hold away in every store that has it. May be repeated, after a crash or a lost reply too: one that is gone already is passed over.
 * Throws `hold.missing`, and `hold.legal` for a legal hold before its end, or one that cannot be read, unless it shall go `anyway`.
 */
export async function releaseHold(
  workspace: Workspace,
  id: string,
  options: { anyway: boolean; signal?: AbortSignal },
): Promise<HoldReport | { hold: undefined; stores: readonly string[]; failures: HoldReport['failures'] }> {
  const list = await listHolds(workspace, options.signal);
  const found = list.holds.find(({ hold }) => hold.id === id);
  const broken = list.damage.filter(({ object }) => object.endsWith(`/${id}`)).map(({ store }) => store);
  const stores = [...new Set([...(found?.stores ?? []), ...broken])];
  if (stores.length === 0) {
    if (list.unanswered.length > 0 || !wasReleased(workspace, id)) throw noSuchHold(id, list);
    return { hold: undefined, stores, failures: [] };
  }
  const refusal = refusalOf(found?.hold, workspace.clock.now());
  if (refusal !== undefined && !options.anyway) {
    throw new LifeboatError('hold.legal', `the hold ${id} stays: ${refusal}`, {
      where: id,
      hint: 'Release it all the same with --anyway; the journal keeps who held it and why.',
    });
  }
  const remove = async (store: string): Promise<void> => {
    try {
      await (await workspace.repository(store)).release(id);
    } catch (error) {
      // Gone since it was listed: that is what was wanted.
      if (!isLifeboatError(error, 'hold.missing')) throw error;
    }
  };
  const report = await recorded(workspace, 'release', found?.hold ?? { id }, stores, remove);
  const failures = [...report.failures, ...list.unanswered];
  return { ...report, hold: found?.hold, failures } as Awaited<ReturnType<typeof releaseHold>>;
}

/** The holds in all stores of the plan. Throws the first store's error when none answers. */
export async function listHolds({ plan, repository }: Workspace, signal?: AbortSignal): Promise<HoldList> {
  const found = new Map<string, { hold: Hold; stores: string[] }>();
  const damage: (Damage & { store: string })[] = [];
  const unanswered: { store: string; error: LifeboatError }[] = [];
  for (const store of plan.stores.keys()) {
    try {
      const listed = await (await repository(store)).holds(signal === undefined ? {} : { signal });
      damage.push(...listed.damage.map((one) => ({ ...one, store })));
      for (const hold of listed.holds) {
        const known = found.get(hold.id);
        if (known === undefined) found.set(hold.id, { hold, stores: [store] });
        else known.stores.push(store);
      }
    } catch (error) {
      unanswered.push({ store, error: toLifeboatError(error) });
    }
  }
  if (unanswered.length === plan.stores.size && unanswered[0] !== undefined) throw unanswered[0].error;
  return { holds: [...found.values()].sort((a, b) => (a.hold.id < b.hold.id ? -1 : 1)), damage, unanswered };
}

/** `legal hold 01kb… by counsel until 2027-01-01: case 4711`. */
export function holdWords({ kind, id, by, reason, untilMs }: Hold): string {
  const until = untilMs === undefined ? '' : ` until ${isoTime(untilMs).slice(0, 10)}`;
  return `${kind === 'manual' ? 'hold' : `${kind} hold`} ${id} by ${by}${until}: ${reason}`;
}

export const isHolding = ({ untilMs }: Hold, nowMs: number): boolean => untilMs === undefined || untilMs > nowMs;

async function storesToHold(workspace: Workspace, { point, asset, signal }: HoldRequest): Promise<readonly string[]> {
  if (asset !== undefined) return holdersOf(workspace.plan, asset);
  const list = await listPoints(workspace, undefined, signal);
  const listed = list.points.find((item) => item.point.id === point)?.stores ?? [];
  // One that cannot be read now may be all that is left another day.
  const unreadable = list.damage.filter(({ kind, points }) => kind === 'point' && points.includes(String(point)));
  const stores = [...new Set([...listed, ...unreadable.map(({ store }) => store)])];
  if (stores.length > 0) return stores;
  if (list.unanswered[0] !== undefined) throw list.unanswered[0].error;
  throw new LifeboatError('point.missing', `there is no recovery point ${point}`, {
    hint: 'List them: lifeboat points',
  });
}

/** Stores of one repository are given the same bytes, so that a copy of one agrees with the other. */
function putInto(workspace: Workspace, hold: Hold): (store: string) => Promise<void> {
  const sealed = new Map<string, Buffer>();
  return async (store) => {
    const repository = await workspace.repository(store);
    sealed.set(repository.id, await repository.hold(hold, sealed.get(repository.id)));
  };
}

/** Does it store by store, with an intent before and what came of it after. Throws the first error when no store did it. */
async function recorded<T extends { readonly id: string }>(
  { journal }: Workspace,
  what: 'hold' | 'release',
  hold: T,
  stores: readonly string[],
  work: (store: string) => Promise<void>,
): Promise<{ hold: T; stores: string[]; failures: { store: string; error: LifeboatError }[] }> {
  const intent = journal.append(`${what}.started`, { hold, stores }).sequence;
  const done: string[] = [];
  const failures: { store: string; error: LifeboatError }[] = [];
  for (const store of stores) {
    try {
      await work(store);
      done.push(store);
    } catch (error) {
      failures.push({ store, error: toLifeboatError(error) });
    }
  }
  const told = failures.map(({ store, error }) => ({ store, error: error.toJSON() }));
  const outcome = done.length === 0 ? 'failed' : 'finished';
  journal.append(`${what}.${outcome}`, { intent, hold: hold.id, stores: done, failures: told });
  if (done.length === 0 && failures[0] !== undefined) throw failures[0].error;
  return { hold, stores: done, failures };
}

function refusalOf(hold: Hold | undefined, nowMs: number): string | undefined {
  if (hold === undefined) return 'its object cannot be read, so nobody can say what it holds';
  if (hold.kind !== 'legal' || !isHolding(hold, nowMs)) return undefined;
  return `it is a legal hold by ${hold.by} (${hold.reason})${hold.untilMs === undefined ? '' : `, until ${isoTime(hold.untilMs)}`}`;
}

/** A crash, or a reply that was lost, may have come between the removal and its record: the intent is enough. */
const wasReleased = ({ journal }: Workspace, id: string): boolean =>
  journal.records({ kinds: ['release.started'] }).some(({ data }) => (data['hold'] as { id?: unknown }).id === id);

function noSuchHold(id: string, { unanswered }: HoldList): LifeboatError {
  const [first] = unanswered;
  if (first !== undefined) {
    const message = `no store that answers has the hold ${id}; ${first.store} did not answer`;
    return new LifeboatError(first.error.code, message, { cause: first.error });
  }
  return new LifeboatError('hold.missing', `there is no hold ${id}`, { hint: 'List them: lifeboat points holds' });
}
