import { isLifeboatError } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';

/**
 * A sentence where the log in a store, on the timeline of a point that was just taken, is of another life: no restore that is not told otherwise starts from the point
 * then. The point is sound, and it may be all that there is of this server.
 */
export async function otherLifeBehind(
  workspace: Workspace,
  store: string,
  { id, asset: name, atMs, facts: { facts } }: Point,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { plan } = workspace;
  const asset = workspace.asset(name);
  const place = asset.log?.baseOf(facts);
  const policy = plan.policies.get(plan.assets.get(name)?.policy ?? '');
  if (asset.log === undefined || place === undefined || policy?.streams?.to.includes(store) !== true) return undefined;
  const log = (await workspace.repository(store)).log(name, place.source);
  const options = signal === undefined ? {} : { signal };
  const { timeline } = place;
  try {
    const replay = await asset.log.planReplay(log, [{ id, atMs, facts }], { kind: 'now', timeline }, options);
    await replay?.close();
    return undefined;
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    // What else is wrong with the log, who streams, restores or verifies is told.
    if (error.code !== 'log.conflict') return undefined;
    return `${error.message}. A restore without --point ${id} is refused until that is settled: stop the server, lifeboat wal fork ${name} --to DATADIR, start it, and take another point`;
  }
}
