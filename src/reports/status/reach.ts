import type { Plan, Scenario, StepDeclaration } from '../../plan/index.ts';

/** The assets that the plan's scenario takes away, or that its steps bring back. Names that are no asset are passed over. */
export function assetsOfScenario(plan: Plan, scenario: Scenario): string[] {
  const lost = [...plan.assets.values()].filter(({ domain }) => isInside(plan, domain, scenario.loses.domains));
  const named = [
    ...scenario.loses.assets,
    ...lost.map(({ name }) => name),
    ...restoredIn(plan, scenario.steps, new Set([scenario.name])),
  ];
  return [...new Set(named)].filter((name) => plan.assets.has(name));
}

export function isInside(plan: Plan, domain: string | undefined, lost: readonly string[]): boolean {
  for (let at = domain; at !== undefined; at = plan.domains.get(at)?.parent) if (lost.includes(at)) return true;
  return false;
}

/** Services that stand still without the asset, directly or through others. */
export function servicesThatNeed({ services }: Plan, asset: string): string[] {
  const found = new Set([asset]);
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { name, needs } of services.values()) if (needs.some((need) => found.has(need))) found.add(name);
  }
  return [...found].filter((name) => services.has(name));
}

/**
 * The strictest target for what an asset may lose: its own; else those of the services that need it and of the scenarios that take it;
 * else the plan's.
 */
export function lossTarget(plan: Plan, asset: string): { ms: number; of: string } | undefined {
  const own = plan.assets.get(asset)?.objectives?.rpoMs;
  const found = [
    ...(own === undefined ? [] : [{ ms: own, of: `the asset ${asset}` }]),
    ...(own === undefined ? ofServices(plan, asset) : []),
    ...[...plan.scenarios.values()].flatMap((scenario) => {
      const ms = scenario.objectives.rpoMs;
      if (ms === undefined || !assetsOfScenario(plan, scenario).includes(asset)) return [];
      return [{ ms, of: `the scenario ${scenario.name}` }];
    }),
  ];
  const ofPlan = plan.objectives.rpoMs === undefined ? [] : [{ ms: plan.objectives.rpoMs, of: 'the plan' }];
  return (found.length > 0 ? found : ofPlan).toSorted((a, b) => a.ms - b.ms)[0];
}

function ofServices(plan: Plan, asset: string): { ms: number; of: string }[] {
  return servicesThatNeed(plan, asset).flatMap((name) => {
    const { objectives, rank } = plan.services.get(name) ?? {};
    if (objectives?.rpoMs !== undefined) return [{ ms: objectives.rpoMs, of: `the service ${name}` }];
    const ofRank = rank === undefined ? undefined : plan.ranks.get(rank)?.rpoMs;
    return ofRank === undefined ? [] : [{ ms: ofRank, of: `the service ${name} (${rank})` }];
  });
}

/** What the steps restore, those of scenarios that they call too. */
function restoredIn(plan: Plan, steps: readonly StepDeclaration[], seen: Set<string>): string[] {
  return steps.flatMap((step): string[] => [
    ...(step.kind === 'restore' ? [nameIn(step.settings, 'asset')] : []),
    ...restoredIn(plan, step.steps, seen),
    ...(step.options ?? []).flatMap(({ steps: inner, call }) => [
      ...restoredIn(plan, inner, seen),
      ...called(plan, call, seen),
    ]),
    ...(step.kind === 'call' ? called(plan, nameIn(step.settings, 'scenario'), seen) : []),
  ]);
}

function called(plan: Plan, name: string | undefined, seen: Set<string>): string[] {
  const scenario = plan.scenarios.get(name ?? '');
  if (scenario === undefined || seen.has(scenario.name)) return [];
  return restoredIn(plan, scenario.steps, seen.add(scenario.name));
}

/** `restore: orders`, or `restore: { asset: orders, … }`. */
function nameIn(settings: unknown, key: string): string {
  if (typeof settings === 'string') return settings;
  const named = typeof settings === 'object' && settings !== null ? (settings as Record<string, unknown>)[key] : '';
  return typeof named === 'string' ? named : '';
}
