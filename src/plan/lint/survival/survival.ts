import type { PlanDocument } from '../../document.ts';
import type { Plan, Scenario } from '../../model.ts';
import { Facts } from '../facts/facts.ts';
import { needsOf } from '../facts/recovery-needs.ts';
import { strictest, targetsFor, targetsForLoss } from '../facts/targets.ts';

/** What is left after one loss, and whether there is a way back. Durations in milliseconds; Infinity never occurs. */
export interface Survival {
  /** A scenario of the plan, or a domain that might be lost although no scenario speaks of it. */
  readonly kind: 'scenario' | 'domain';
  readonly name: string;
  /** Domains that are gone. */
  readonly loses: readonly string[];
  /** Those that are lost, and those that lose copies. */
  readonly assets: readonly AssetSurvival[];
  /** The scenario that brings these assets back; undefined when none does. */
  readonly path: string | undefined;
  /** Steps on the longest way, with their budgets; undefined when no step has one. */
  readonly stepsMs: number | undefined;
  readonly rtoMs: number | undefined;
  /** Whether every lost asset has a point, a key and a path, and keeps the RPO. */
  readonly closes: boolean;
  /** Why it does not close; empty when it does. */
  readonly gaps: readonly string[];
}

export interface AssetSurvival {
  readonly asset: string;
  readonly lost: boolean;
  /** How much of it this loss may take: what the scenario and the services that need it promise. */
  readonly rpoMs: number | undefined;
  /** Stores that are left with points of it, freshest first, with the age of the newest point at worst; no age: nothing is scheduled. */
  readonly left: readonly { readonly store: string; readonly worstMs: number | undefined }[];
}

/**
 * Every scenario, and every domain that could be lost, against what the plan keeps elsewhere. Pure; reads the plan alone. A domain
 * in which nothing stands is left out.
 */
export function survivalOf(plan: Plan, document: PlanDocument, nowMs: number): Survival[] {
  const facts = new Facts(plan, document, nowMs);
  const scenarios = [...plan.scenarios.values()].map(({ name, loses }) =>
    judge(facts, 'scenario', name, loses.domains, facts.domains.assetsIn(loses.domains, loses.assets), name),
  );
  const domains = [...plan.domains.keys()].flatMap((domain) => {
    const assets = facts.domains.assetsIn([domain]);
    const holds =
      assets.length > 0 || [...plan.stores.keys()].some((store) => facts.domains.storeIsLost(store, [domain]));
    return holds ? [judge(facts, 'domain', domain, [domain], assets, pathFor(facts, domain, assets))] : [];
  });
  return [...scenarios, ...domains];
}

/** The scenario that was written for the loss of the domain, or of one around it; else one that loses at least the same assets. */
function pathFor(facts: Facts, domain: string, assets: readonly string[]): string | undefined {
  const scenarios = [...facts.plan.scenarios.values()];
  const meant = scenarios.find(({ loses }) => facts.domains.isLost(domain, loses.domains));
  if (assets.length === 0) return undefined;
  if (meant !== undefined) return meant.name;
  return scenarios.find((scenario) => {
    const lost = facts.domains.assetsLostBy(scenario);
    return assets.every((asset) => lost.includes(asset));
  })?.name;
}

function judge(
  facts: Facts,
  kind: Survival['kind'],
  name: string,
  loses: readonly string[],
  lost: readonly string[],
  path: string | undefined,
): Survival {
  const scenario = path === undefined ? undefined : facts.plan.scenarios.get(path);
  const procedure = path === undefined ? undefined : facts.procedures.of(path);
  const rtoMs = scenario === undefined ? undefined : strictest(targetsFor(facts, scenario, 'rto'))?.ms;
  const assets = [...facts.plan.assets.keys()].flatMap((asset) =>
    assetSurvival(facts, asset, lost.includes(asset), loses, scenario),
  );
  const gone =
    procedure === undefined
      ? []
      : needsOf(facts, procedure).filter(({ domain }) => facts.domains.isLost(domain, loses));
  const gaps = [
    ...assets.filter((one) => one.lost).flatMap((one) => gapsOf(one)),
    ...(lost.length > 0 && keysAreLost(facts, loses) ? ['every key is lost'] : []),
    ...(lost.length > 0 && path === undefined ? ['no scenario brings it back'] : []),
    ...new Set(gone.map((need) => `${need.name} is lost; ${need.because}`)),
  ];
  const wayMs = procedure?.way.ms ?? 0;
  if (rtoMs !== undefined && wayMs > rtoMs) gaps.push('the steps take longer than the RTO');
  const stepsMs = wayMs === 0 ? undefined : wayMs;
  return { kind, name, loses, assets, path, stepsMs, rtoMs, closes: gaps.length === 0, gaps };
}

function assetSurvival(
  facts: Facts,
  asset: string,
  lost: boolean,
  loses: readonly string[],
  scenario: Scenario | undefined,
): AssetSurvival[] {
  const all = facts.freshness.of(asset);
  const ages = all.filter(({ store }) => !facts.domains.storeIsLost(store, loses));
  if (!lost && ages.length === all.length) return [];
  const left = ages
    .toSorted((one, other) => one.worstMs - other.worstMs)
    .map(({ store, worstMs }) => ({ store, worstMs: Number.isFinite(worstMs) ? worstMs : undefined }));
  const rpoMs = scenario === undefined ? undefined : strictest(targetsForLoss(facts, scenario, asset))?.ms;
  return [{ asset, lost, rpoMs, left }];
}

function gapsOf({ asset, left, rpoMs }: AssetSurvival): string[] {
  const [best] = left;
  if (best === undefined) return [`no copy of ${asset} is left`];
  if (best.worstMs === undefined) return [`nothing takes points of ${asset} on a schedule`];
  return rpoMs !== undefined && best.worstMs > rpoMs ? [`the newest point of ${asset} can be older than the RPO`] : [];
}

function keysAreLost(facts: Facts, loses: readonly string[]): boolean {
  const keys = [...facts.plan.keys.values()];
  return keys.length > 0 && keys.every(({ domain }) => facts.domains.isLost(domain, loses));
}
