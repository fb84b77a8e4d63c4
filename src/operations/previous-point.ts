import { isLifeboatError } from '../core/index.ts';
import type { Point, Repository } from '../repository/index.ts';
import type { Workspace } from './contract.ts';

export interface PointBefore {
  readonly asset: string;
  readonly store: string;
  /** Who the source is now (`SourceIdentity.id`): a folder of the same name elsewhere is another one. */
  readonly source: string;
  /** Objects that no point may rest on. */
  readonly distrust: ReadonlySet<string>;
}

/**
 * The point before of the same source, taken on this host: the one that the journal tells of, or, without a journal, the newest in the
 * store. Undefined if there is none that can be read: then everything is read, which is only slower.
 */
export async function previousPoint(
  workspace: Workspace,
  repository: Repository,
  wanted: PointBefore,
): Promise<Point | undefined> {
  const told = workspace.journal
    .records({ kinds: ['backup.finished'] })
    .findLast(({ data }) => data['asset'] === wanted.asset && data['store'] === wanted.store);
  const point =
    told === undefined
      ? (await repository.points()).points.findLast((one) => fits(one, wanted, workspace.host))
      : await readable(repository, String(told.data['point']));
  return point !== undefined && fits(point, wanted, workspace.host) ? point : undefined;
}

const fits = (point: Point, wanted: PointBefore, host: string): boolean =>
  point.asset === wanted.asset &&
  point.host === host &&
  point.facts.source.id === wanted.source &&
  !wanted.distrust.has(`points/${point.id}`);

async function readable(repository: Repository, id: string): Promise<Point | undefined> {
  try {
    return await repository.point(id);
  } catch (error) {
    // Forgotten, or damaged: to verify and to say so is not the task of a backup, which does without.
    if (!isLifeboatError(error)) throw error;
    return undefined;
  }
}
