import { isoTime, LifeboatError, limits } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';
import type { RestoreRequest, Workspace } from '../contract.ts';
import type { ListedPoint, PointList } from '../points.ts';

/**
 * A point of a time that has not come was made by a clock that was wrong, or our clock is wrong: it would be the newest for years,
 * and every later one would be passed over. Who asks for an earlier moment does not meet it.
 */
export function refuseFuture(points: PointList['points'], nowMs: number, { atMs, asset }: RestoreRequest): void {
  if (atMs !== undefined && atMs < nowMs - limits.clockToleranceMs) return;
  const isFuture = ({ point }: ListedPoint): boolean => point.atMs > nowMs + limits.clockToleranceMs;
  const future = points.find(isFuture);
  if (future === undefined) return;
  const other = points.findLast((item) => !isFuture(item));
  const choice = other === undefined ? '' : ` The newest other one: --point ${other.point.id}.`;
  throw new LifeboatError(
    'point.uncertain',
    `the point ${future.point.id} of ${asset} says that it is of ${isoTime(future.point.atMs)}, which has not come yet: which point is the newest is not certain`,
    {
      where: future.point.id,
      hint: `Look at the clock of this machine (${isoTime(nowMs)}).${choice} If the clock was wrong when it was made: lifeboat points forget ${future.point.id}`,
    },
  );
}

/**
 * A store that was rolled back, or hides what it holds, shows an older list that is whole in itself. Only the journal of the
 * machine that made a point misses it; a point that was forgotten, or whose store does not answer, is not missed.
 */
export function refuseHidden(workspace: Workspace, list: PointList, chosen: Point, request: RestoreRequest): void {
  const { asset, atMs = Infinity, store } = request;
  const { journal } = workspace;
  const known = new Set([
    ...list.points.map(({ point }) => point.id),
    ...list.damage.flatMap(({ points }) => points),
    ...journal.records({ kinds: ['forget.started'] }).map(({ data }) => String(data['point'])),
  ]);
  const silent = new Set(list.unanswered.map((item) => item.store));
  const hidden = journal.records({ kinds: ['backup.finished'] }).findLast(({ data }) => {
    const isAsked = data['asset'] === asset && (store === undefined || data['store'] === store);
    const pointAtMs = Number(data['pointAt']);
    const isBetter = pointAtMs > chosen.atMs && pointAtMs <= atMs;
    return isAsked && isBetter && !silent.has(String(data['store'])) && !known.has(String(data['point']));
  });
  if (hidden === undefined) return;
  const { point, pointAt, store: held } = hidden.data;
  const at = isoTime(Number(pointAt));
  throw new LifeboatError(
    'point.uncertain',
    `the point ${String(point)} of ${asset}, data of ${at}, was made by this machine in the store ${String(held)}, which does not show it any more`,
    {
      where: String(held),
      hint: `Was the store rolled back, or made anew? To accept the older one: --point ${chosen.id}, or a moment before ${at}.`,
    },
  );
}
