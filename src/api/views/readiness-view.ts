import { takeStatus } from '../../app/index.ts';
import { isoTime, limits } from '../../core/index.ts';
import { statusJson, type Status } from '../../reports/index.ts';
import type { Readiness } from '../contract/index.ts';
import type { Desk } from '../desk.ts';
import { View } from './view.ts';

export type ReadinessFacts = Omit<Readiness, 'renewing' | 'keeper'>;

/** What `lifeboat status` says, by the same function. */
export const readinessView = (desk: Desk): View<ReadinessFacts> =>
  new View({
    clock: desk.host.clock,
    key: () => `${desk.journal.last()} ${desk.host.plan().hash}`,
    make: async () => {
      const { findings } = (await desk.views.plan.get()).value;
      const request = { findings, timeoutMs: limits.liveAnswerMs, signal: desk.host.signal };
      return readinessOf(await desk.lend((workspace) => takeStatus(workspace, request)));
    },
    renewed: () => desk.events.tell({ type: 'readiness', at: isoTime(desk.host.clock.now()) }),
  });

function readinessOf(status: Status): ReadinessFacts {
  const json = statusJson(status) as unknown as ReadinessFacts;
  const drills = status.drills.flatMap(({ drill, nextMs }) => (nextMs === undefined ? [] : [{ drill, nextMs }]));
  const [next] = drills.toSorted((one, other) => one.nextMs - other.nextMs);
  const bands = new Map(status.assets.map((asset) => [asset.asset, bandOf(asset.loss.ms, asset.target?.ms)]));
  return {
    ...json,
    assets: json.assets.flatMap((asset) =>
      'excluded' in asset ? [] : [{ ...asset, band: bands.get(asset.asset) ?? null }],
    ),
    excluded: status.assets.flatMap(({ asset, excluded }) =>
      excluded === undefined ? [] : [{ asset, reason: excluded }],
    ),
    nextDrill: next === undefined ? null : { drill: next.drill, at: isoTime(next.nextMs) },
  };
}

/** How many times what is allowed would be lost now. */
export function bandOf(lossMs: number | undefined, targetMs: number | undefined): '<1' | '≤2' | '≤4' | '>4' | null {
  if (lossMs === undefined || targetMs === undefined) return null;
  if (lossMs < targetMs) return '<1';
  if (lossMs <= 2 * targetMs) return '≤2';
  return lossMs <= 4 * targetMs ? '≤4' : '>4';
}
