import { isoTime, LifeboatError, timeOfId } from '../../core/index.ts';
import type { Damage, Point } from '../../repository/index.ts';
import type { RestorePlan, RestoreRequest, Workspace } from '../contract.ts';
import { holdersOf } from '../stores-of.ts';
import { readableFirst } from '../retention/thaw.ts';
import { listPoints, type ListedPoint, type PointList } from '../points.ts';
import { refuseFuture, refuseHidden } from './uncertain.ts';
import { sayingWhoIsAway } from './who-is-away.ts';

export interface Choice {
  readonly point: Point;
  readonly store: string;
  /** Further stores that hold the point, the nearest first. */
  readonly others: readonly string[];
  readonly rejected: RestorePlan['rejected'];
  readonly damage: readonly Damage[];
  readonly unanswered: RestorePlan['unanswered'];
}

/**
 * The point a restore starts from: the one that was named, or the newest not after the moment that was asked for.
 * Throws `point.missing`, `point.none`, `restore.unreachable_target`, and `point.uncertain` when an unreadable point, one of a time that
 * has not come, or one that this machine made and no store shows might be a better choice: an older state is never restored in silence. A store that did not answer is named in the choice.
 */
export async function choosePoint(workspace: Workspace, request: RestoreRequest): Promise<Choice> {
  const list = await listPoints(workspace, request.asset, request.signal);
  const within =
    request.store === undefined ? list.points : list.points.filter((item) => item.stores.includes(request.store ?? ''));
  if (request.point === undefined) refuseFuture(within, workspace.clock.now(), request);
  const chosen =
    request.point === undefined ? newestOf(within, list, request) : named(within, list, request.point, request.asset);
  if (request.point === undefined) refuseHidden(workspace, list, chosen.point, request);
  const rejected = within
    .filter(({ point }) => point.atMs > chosen.point.atMs)
    .map(({ point, damagedIn }) => {
      const isDamaged = damagedIn.some(({ store }) => store === request.store);
      return { id: point.id, atMs: point.atMs, reason: isDamaged ? damagedHere : reasonOf(request) };
    });
  const inOrder = request.store === undefined ? storesInOrder(workspace, request, chosen) : [request.store];
  const [store, ...others] = await readableFirst(workspace, chosen.point, inOrder, request.signal);
  const unanswered = list.unanswered.map(({ store: name, error }) => ({ store: name, reason: error.message }));
  return { point: chosen.point, store: store as string, others, rejected, damage: list.damage, unanswered };
}

function newestOf(points: PointList['points'], list: PointList, request: RestoreRequest): PointList['points'][number] {
  if (points.length === 0 && list.damage.length === 0) {
    const none = new LifeboatError('point.none', `${request.asset} has no recovery point`, {
      hint: `Take one: lifeboat backup ${request.asset}`,
    });
    throw sayingWhoIsAway(none, request.store, list.unanswered);
  }
  const { atMs } = request;
  const reachable = points.filter(({ point }) => atMs === undefined || point.atMs <= atMs);
  const newest = reachable.at(-1);
  refuseUncertainty(newest?.point, list, request);
  if (newest !== undefined) return newest;
  const earliest = points[0]?.point;
  const none = new LifeboatError(
    'restore.unreachable_target',
    `no point of ${request.asset} reaches back to ${isoTime(atMs ?? 0)}`,
    earliest === undefined ? {} : { hint: `The earliest is ${earliest.id} of ${isoTime(earliest.atMs)}.` },
  );
  throw sayingWhoIsAway(none, request.store, list.unanswered);
}

/** The id of a point carries when its backup began: one that cannot be read but is younger might be the right one. */
function refuseUncertainty(newest: Point | undefined, list: PointList, request: RestoreRequest): void {
  const better = list.damage.filter(
    ({ kind, object }) => kind === 'point' && (newest === undefined || timeOfId(idOf(object)) > timeOfId(newest.id)),
  );
  if (better.length === 0) return;
  const choice = newest === undefined ? '' : ` To accept the older one: --point ${newest.id}`;
  throw new LifeboatError(
    'point.uncertain',
    `${better[0]?.object} cannot be read; it may be a newer point of ${request.asset} than any that can`,
    { where: better[0]?.object ?? '', hint: `Read it from another store, or name a point.${choice}` },
  );
}

const idOf = (object: string): string => object.slice(object.lastIndexOf('/') + 1);

function named(points: PointList['points'], list: PointList, id: string, asset: string): PointList['points'][number] {
  const found = points.find(({ point }) => point.id === id);
  if (found !== undefined) return found;
  const broken = list.damage.find(({ object }) => idOf(object) === id);
  if (broken !== undefined) {
    throw new LifeboatError('repository.damaged', `the point ${id} cannot be read: ${broken.what}`, {
      where: broken.object,
    });
  }
  throw new LifeboatError('point.missing', `${asset} has no point ${id}`, {
    hint: `List them: lifeboat points ${asset}`,
  });
}

/** Of a point that was passed over for one that is sound in the store that is read. */
export const damagedHere = 'a verification found it damaged in this store';

const reasonOf = ({ point }: RestoreRequest): string =>
  point === undefined ? 'newer than the moment that was asked for' : 'another point was named';

/**
 * Stores in the order in which the plan names them, where points are taken before copies; those of what was lost come last, and behind them those where the point was
 * found damaged.
 */
function storesInOrder({ plan }: Workspace, { asset, avoid = [] }: RestoreRequest, chosen: ListedPoint): string[] {
  const { stores, damagedIn } = chosen;
  const rank = (store: string): number =>
    (damagedIn.some((damaged) => damaged.store === store) ? 2 : 0) + (avoid.includes(store) ? 1 : 0);
  const inPlan = holdersOf(plan, asset).filter((store) => stores.includes(store));
  const unnamed = stores.filter((store) => !inPlan.includes(store));
  return [...inPlan, ...unnamed].toSorted((a, b) => rank(a) - rank(b));
}
