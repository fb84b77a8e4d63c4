import { formatBytes, isLifeboatError, isoTime, LifeboatError, limits } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';
import type { Store, ThawState } from '../../stores/index.ts';
import type { Workspace } from '../contract.ts';
import type { PointList } from '../points.ts';

/** How far the packs that a point needs are from being readable in one store. */
export interface PointThaw {
  readonly store: string;
  readonly point: string;
  /** In the plan's words. */
  readonly classes: readonly string[];
  /** Of what lies in these classes. */
  readonly bytes: number;
  readonly thawed: number;
  readonly thawing: number;
  readonly frozen: number;
  /** The longest thaw that is to be waited for. */
  readonly hours: number;
  /** When the first of the thawed packs freezes again. */
  readonly untilMs: number | undefined;
}

export interface ThawPointRequest {
  readonly store: string;
  readonly point: string;
  /** How long the copies stay readable. */
  readonly days: number;
  /** Asks for nothing. */
  readonly dryRun: boolean;
  /** Comes back when all of it can be read. */
  readonly wait: boolean;
  readonly signal?: AbortSignal;
}

/** Asks for readable copies of what a point needs; with `wait` it looks again and again. Throws `point.missing`, `store.unfit`, and the errors of the store. */
export async function thawPoint(workspace: Workspace, request: ThawPointRequest): Promise<PointThaw> {
  const { clock, journal, progress } = workspace;
  const { store, days, dryRun, wait, signal } = request;
  const repository = await workspace.repository(store);
  const point = await repository.point(request.point);
  const place = await workspace.place(store);
  if (place.thaw === undefined)
    throw new LifeboatError('store.unfit', `the store ${store} has no storage classes that freeze`, { where: store });
  const ask = (name: string): Promise<ThawState> => (place.thaw as NonNullable<Store['thaw']>).call(place, name, days);
  let state = await stateOf(workspace, store, point, dryRun ? undefined : ask, signal);
  if (!dryRun) journal.append('thaw.asked', { ...state, days });
  progress.phase(`${store}: thawing ${point.id}`, { items: state.thawed + state.thawing + state.frozen });
  if (!wait || dryRun) return state;
  for (let seen = 0; state.thawing + state.frozen > 0;) {
    progress.advance({ items: state.thawed - seen });
    seen = state.thawed;
    await clock.sleep(limits.thawAskMs, signal);
    state = await stateOf(workspace, store, point, ask, signal);
  }
  return state;
}

/** What a point needs of cold classes in a store, and how far it is; undefined where it needs nothing of them. */
export async function pointThaw(
  workspace: Workspace,
  store: string,
  point: Point,
  signal?: AbortSignal,
): Promise<PointThaw | undefined> {
  const state = await stateOf(workspace, store, point, undefined, signal);
  return state.classes.length === 0 ? undefined : state;
}

/** By `thawState`, or by `ask`, which asks for a thaw as well. */
async function stateOf(
  workspace: Workspace,
  store: string,
  point: Point,
  ask: ((name: string) => Promise<ThawState>) | undefined,
  signal: AbortSignal | undefined,
): Promise<PointThaw> {
  const place = await workspace.place(store);
  const options = signal === undefined ? {} : { signal };
  const cold = (await (await workspace.repository(store)).cold([point], options)).get(point.id);
  const counts = { thawed: 0, thawing: 0, frozen: 0 };
  let [hours, untilMs] = [0, undefined as number | undefined];
  for (const name of cold?.frozen ?? []) {
    signal?.throwIfAborted();
    const state = (await (ask?.(name) ?? place.thawState?.(name))) ?? { state: 'readable' };
    if (state.state === 'readable') counts.thawed += 1;
    else counts[state.state] += 1;
    if ('hours' in state) hours = Math.max(hours, state.hours);
    if ('untilMs' in state) untilMs = Math.min(untilMs ?? Infinity, state.untilMs);
  }
  const about = { store, point: point.id, classes: cold?.classes ?? [], bytes: cold?.bytes ?? 0 };
  return { ...about, ...counts, hours, untilMs };
}

/**
 * The stores in this order, those first from which the point can be read at once. Throws `store.frozen` where it must thaw in each of them, naming
 * what, how long, and the command.
 */
export async function readableFirst(
  workspace: Workspace,
  point: Point,
  stores: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  const [ready, cold]: [string[], PointThaw[]] = [[], []];
  for (const store of stores) {
    const state = await tryThaw(workspace, store, point, signal);
    if (state === undefined || state.thawing + state.frozen === 0) ready.push(store);
    else cold.push(state);
  }
  const [first] = cold;
  if (ready.length === 0 && first !== undefined) throw mustThaw(first);
  return [...ready, ...cold.map(({ store }) => store)];
}

/** Undefined also where nobody can tell: whoever reads there hears why. */
async function tryThaw(
  workspace: Workspace,
  store: string,
  point: Point,
  signal: AbortSignal | undefined,
): Promise<PointThaw | undefined> {
  // Copies that others keep are in no store of ours.
  if (!workspace.plan.stores.has(store)) return undefined;
  try {
    if ((await workspace.place(store)).thawState === undefined) return undefined;
    return await pointThaw(workspace, store, point, signal);
  } catch (error) {
    if (signal?.aborted === true || !isLifeboatError(error)) throw error;
    return undefined;
  }
}

function mustThaw({ store, point, classes, bytes, thawing, frozen, hours }: PointThaw): LifeboatError {
  const packs = thawing + frozen;
  const what = `the point ${point} needs ${formatBytes(bytes)} that lie in the class ${classes.join(', ')} of ${store}: ${packs} pack${packs === 1 ? '' : 's'} must thaw, which takes up to ${hours} h`;
  const state = thawing > 0 && frozen === 0 ? ' (asked for; wait for it)' : '';
  return new LifeboatError('store.frozen', `${what}${state}`, {
    where: point,
    hint: `lifeboat store thaw ${store} --point ${point} --wait, and run again when it is done.`,
  });
}

/** For each point of a list, where it lies cold; points that lie nowhere cold are left out. Stores that do not answer say nothing. */
export async function coldIn(
  workspace: Workspace,
  { points, unanswered }: PointList,
  signal?: AbortSignal,
): Promise<Map<string, PointThaw[]>> {
  const found = new Map<string, PointThaw[]>();
  const silent = new Set(unanswered.map(({ store }) => store));
  const stores = new Set(points.flatMap(({ stores: names }) => names));
  for (const store of stores) {
    if (silent.has(store) || !workspace.plan.stores.has(store)) continue;
    if ((await workspace.place(store)).thawState === undefined) continue;
    const own = points.filter(({ stores: names }) => names.includes(store)).map(({ point }) => point);
    const options = signal === undefined ? {} : { signal };
    const cold = await (await workspace.repository(store)).cold(own, options);
    for (const point of own.filter(({ id }) => cold.has(id))) {
      const state = await pointThaw(workspace, store, point, signal);
      if (state !== undefined) found.set(point.id, [...(found.get(point.id) ?? []), state]);
    }
  }
  return found;
}

/** `glacier (thaws in up to 5 h)`: one cell of a table. */
export function thawWords({ store, classes, thawing, frozen, hours, untilMs }: PointThaw): string {
  const place = `${classes.join(', ')} in ${store}`;
  if (frozen > 0) return `${place}, thaws in up to ${hours} h`;
  if (thawing > 0) return `${place}, thawing, up to ${hours} h`;
  return untilMs === undefined ? place : `${place}, thawed until ${isoTime(untilMs)}`;
}
