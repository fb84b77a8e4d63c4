import { isoTime, redact } from '../../core/index.ts';
import { isHolding, listHolds, listPoints, type ListedPoint, type Workspace } from '../../operations/index.ts';
import type { Point, PointList, Reach, Store } from '../contract/index.ts';
import type { Desk } from '../desk.ts';
import { problemOf } from '../failures.ts';
import { View } from './view.ts';

export interface PointFacts {
  /** Newest first. */
  readonly points: readonly Point[];
  readonly byId: ReadonlyMap<string, Point>;
  readonly reach: readonly Reach[];
  readonly stores: readonly Store[];
  readonly damage: PointList['damage'];
  readonly unanswered: PointList['unanswered'];
}

/** The points of all stores, as `lifeboat points` lists them. */
export const pointsView = (desk: Desk): View<PointFacts> =>
  new View({
    clock: desk.host.clock,
    key: () => `${desk.journal.last()} ${desk.host.plan().hash}`,
    make: () => desk.lend((workspace) => listAll(workspace, desk.host.signal)),
    renewed: () => desk.events.tell({ type: 'points', at: isoTime(desk.host.clock.now()) }),
  });

async function listAll(workspace: Workspace, signal: AbortSignal): Promise<PointFacts> {
  const [list, held] = [await listPoints(workspace, undefined, signal), await heldOf(workspace, signal)];
  const points = list.points.map((one) => pointOf(one, held)).toReversed();
  return {
    points,
    byId: new Map(points.map((point) => [point.id, point])),
    reach: reachOf(workspace, points),
    stores: await storesOf(workspace, points, list.unanswered),
    damage: list.damage.map(({ store, object, what }) => ({ store, object, what })),
    unanswered: list.unanswered.map(({ store, error }) => ({ store, ...problemOf(error) })),
  };
}

/** Points and assets that a hold keeps; where no store says it, nothing is shown as held. */
async function heldOf(workspace: Workspace, signal: AbortSignal): Promise<ReadonlySet<string>> {
  try {
    const { holds } = await listHolds(workspace, signal);
    const nowMs = workspace.clock.now();
    return new Set(holds.flatMap(({ hold }) => (isHolding(hold, nowMs) ? (hold.point ?? hold.asset ?? []) : [])));
  } catch {
    signal.throwIfAborted();
    return new Set(); // the list of points names who did not answer
  }
}

function pointOf(listed: ListedPoint, held: ReadonlySet<string>): Point {
  const { point, stores, since, verifiedMs, damagedIn, provenMs } = listed;
  const { id, asset, kind, bytes, storedBytes, files } = point;
  return {
    id,
    asset,
    kind,
    at: isoTime(point.atMs),
    bytes,
    storedBytes,
    files,
    stores: [...stores],
    since: Object.fromEntries(Object.entries(since).map(([store, atMs]) => [store, isoTime(atMs)])),
    verifiedAt: verifiedMs === undefined ? null : isoTime(verifiedMs),
    damagedIn: damagedIn.map(({ store, atMs }) => ({ store, at: isoTime(atMs) })),
    provenAt: provenMs === undefined ? null : isoTime(provenMs),
    held: held.has(id) || held.has(asset),
    state: stateOf(listed),
    warnings: [...point.facts.warnings],
  };
}

const stateOf = ({ damagedIn, provenMs, verifiedMs }: ListedPoint): Point['state'] => {
  if (damagedIn.length > 0) return 'damaged';
  if (provenMs !== undefined) return 'proven';
  return verifiedMs === undefined ? 'unverified' : 'verified';
};

function reachOf({ plan }: Workspace, points: readonly Point[]): Reach[] {
  const byAsset = Map.groupBy(points, ({ asset }) => asset);
  return [...plan.assets.values()].map(({ name, policy = '' }) => {
    const own = byAsset.get(name) ?? [];
    return {
      asset: name,
      log: plan.policies.get(policy)?.streams !== undefined,
      points: own.length,
      oldestAt: own.at(-1)?.at ?? null,
      newestAt: own[0]?.at ?? null,
      bytes: own[0]?.bytes ?? 0,
      storedBytes: own.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    };
  });
}

async function storesOf(
  workspace: Workspace,
  points: readonly Point[],
  unanswered: Awaited<ReturnType<typeof listPoints>>['unanswered'],
): Promise<Store[]> {
  const stores = [...workspace.plan.stores.values()].map(async ({ name, type, domain, lockMs }): Promise<Store> => {
    const own = points.filter(({ stores: held }) => held.includes(name));
    const silent = unanswered.find(({ store }) => store === name);
    return {
      store: name,
      type,
      domain: domain ?? null,
      location: await locationOf(workspace, name),
      answered: silent === undefined,
      error: silent === undefined ? null : problemOf(silent.error),
      points: own.length,
      assets: new Set(own.map(({ asset }) => asset)).size,
      storedBytes: own.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      newestAt: own[0]?.at ?? null,
      lockSeconds: lockMs === undefined ? null : lockMs / 1000,
      damaged: own.filter(({ damagedIn }) => damagedIn.some(({ store }) => store === name)).length,
    };
  });
  return Promise.all(stores);
}

/** Null where it cannot be opened: the list of points says why. */
const locationOf = (workspace: Workspace, store: string): Promise<string | null> =>
  workspace.place(store).then(
    ({ location }) => redact(location),
    () => null,
  );
