import type { Path } from '../../document.ts';
import type { Objectives, Scenario } from '../../model.ts';
import type { Facts } from './facts.ts';

/** A target that applies, where it stands, and whose it is. */
export interface Target {
  readonly ms: number;
  readonly path: Path;
  /** `the service shop`, `the scenario region_lost`, `the plan` */
  readonly of: string;
}

type Word = 'rto' | 'rpo';

const msOf = (objectives: Objectives, word: Word): number | undefined =>
  word === 'rto' ? objectives.rtoMs : objectives.rpoMs;

/**
 * The targets that are judged for a scenario: its own and those of the services that it takes away; the plan's when none of them
 * has one.
 */
export function targetsFor(facts: Facts, scenario: Scenario, word: Word): Target[] {
  const lost = facts.domains.assetsLostBy(scenario);
  const services = facts.domains.servicesThatNeed(lost).flatMap((name) => ofService(facts, name, word));
  const own = msOf(scenario.objectives, word);
  const found: Target[] = [
    ...(own === undefined
      ? []
      : [{ ms: own, path: ['scenarios', scenario.name, 'objectives', word], of: `the scenario ${scenario.name}` }]),
    ...services,
  ];
  return found.length > 0 ? found : ofPlan(facts, word);
}

/**
 * The targets for what one asset may lose in a scenario: those of the scenario and of the services that need this asset; without any,
 * the asset's own or the plan's. What another service promises says nothing of it.
 */
export function targetsForLoss(facts: Facts, scenario: Scenario, asset: string): Target[] {
  const needing = new Set(facts.domains.servicesThatNeed([asset]).map((name) => `services.${name}`));
  const found = targetsFor(facts, scenario, 'rpo').filter(
    ({ path }) => path[0] === 'scenarios' || needing.has(path.slice(0, 2).join('.')),
  );
  return found.length > 0 ? found : targetsForAsset(facts, asset, 'rpo');
}

/** The targets for what an asset may lose, whatever happens: those of the services that need it, else the plan's. */
export function targetsForAsset(facts: Facts, asset: string, word: Word): Target[] {
  const own = facts.written.longerMs(['assets', asset, 'objectives', word]);
  if (own !== undefined) return [{ ms: own, path: ['assets', asset, 'objectives', word], of: `the asset ${asset}` }];
  const services = facts.domains.servicesThatNeed([asset]).flatMap((name) => ofService(facts, name, word));
  return services.length > 0 ? services : ofPlan(facts, word);
}

function ofService(facts: Facts, name: string, word: Word): Target[] {
  const ms = msOf(facts.plan.services.get(name)?.objectives ?? {}, word);
  return ms === undefined ? [] : [{ ms, path: ['services', name, 'objectives', word], of: `the service ${name}` }];
}

export function ofPlan(facts: Facts, word: Word): Target[] {
  const ms = msOf(facts.plan.objectives, word);
  return ms === undefined ? [] : [{ ms, path: ['objectives', word], of: 'the plan' }];
}

/** The one that is hardest to keep. */
export const strictest = (targets: readonly Target[]): Target | undefined =>
  targets.reduce<Target | undefined>((best, one) => (best === undefined || one.ms < best.ms ? one : best), undefined);
