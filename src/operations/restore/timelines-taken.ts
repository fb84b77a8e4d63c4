import { allInTime, LifeboatError, limits, systemClock } from '../../core/index.ts';
import type { RestorePlan, Workspace } from '../contract.ts';
import { logStoresOf } from '../verification/log-holes.ts';

/**
 * Timelines that the logs of a point's source have, in every store that answers: a copy must go on none of them. None for an asset without a log. One that
 * only a store knows that is away may be given again; the stream meets that as `log.conflict`. Does not reject.
 */
export async function timelinesTaken(
  workspace: Workspace,
  {
    request: { asset, signal },
    point,
  }: { readonly request: Pick<RestorePlan['request'], 'asset' | 'signal'>; readonly point: RestorePlan['point'] },
): Promise<number[]> {
  const source = workspace.asset(asset).log?.baseOf(point.facts.facts)?.source;
  if (source === undefined) return [];
  const stores = logStoresOf(workspace, asset);
  const asked = stores.map(async (store) => {
    const log = (await workspace.repository(store)).log(asset, source);
    return log.list(signal === undefined ? {} : { signal });
  });
  const answers = await allInTime(asked, (index) => ({
    clock: systemClock,
    ms: limits.storeLookMs,
    late: () => new LifeboatError('store.unreachable', `${stores[index]} did not answer`),
  }));
  const listings = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return [
    ...new Set(listings.flatMap(({ histories, pieces }) => [...histories, ...pieces.map(({ timeline }) => timeline)])),
  ];
}
