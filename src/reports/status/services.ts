import { servicesThatNeed } from './reach.ts';
import type { StatusFacts } from './facts.ts';
import { proofLevels, type AssetStatus, type ScenarioStatus, type ServiceStatus } from './status-types.ts';

/** The services by rank as the plan orders them, each with the scenario that is proven least. */
export function servicesStatus(
  { plan }: StatusFacts,
  assets: readonly AssetStatus[],
  scenarios: readonly ScenarioStatus[],
): ServiceStatus[] {
  const ranks = [...plan.ranks.keys()];
  const rankOf = (rank: string | undefined): number =>
    rank === undefined || !ranks.includes(rank) ? ranks.length : ranks.indexOf(rank);
  return [...plan.services.values()]
    .map(({ name, rank }): ServiceStatus => {
      const own = assets.filter(
        ({ asset, excluded }) => excluded === undefined && servicesThatNeed(plan, asset).includes(name),
      );
      const names = new Set(own.map(({ asset }) => asset));
      const [worst] = scenarios
        .filter((scenario) => scenario.assets.some((asset) => names.has(asset)))
        .toSorted(
          (a, b) => proofLevels.indexOf(a.level) - proofLevels.indexOf(b.level) || (a.atMs ?? 0) - (b.atMs ?? 0),
        );
      return {
        service: name,
        rank,
        worst: worst === undefined ? undefined : { scenario: worst.scenario, level: worst.level, atMs: worst.atMs },
        ...worstOf(own),
      };
    })
    .toSorted((a, b) => rankOf(a.rank) - rankOf(b.rank));
}

function worstOf(assets: readonly AssetStatus[]): Pick<ServiceStatus, 'loss' | 'verdict'> {
  const order: readonly AssetStatus['verdict'][] = ['breached', 'unknown', 'ok', 'no target'];
  const [worst] = assets.toSorted(
    (a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || (b.loss.ms ?? Infinity) - (a.loss.ms ?? Infinity),
  );
  return { loss: worst?.loss, verdict: worst?.verdict ?? 'no target' };
}
