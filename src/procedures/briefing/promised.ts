import type { Plan, Scenario } from '../../plan/index.ts';

/** How long something may be down, and who promises that: `the service shop`. */
export interface Promised {
  readonly of: string;
  readonly ms: number;
}

type Promising = Pick<Plan, 'assets' | 'services' | 'domains' | 'ranks' | 'objectives'>;

/**
 * What a recovery is measured by, the strictest first: the RTO of the scenario, and that of each service that stands still in it, its own or its rank's;
 * where neither promises anything, that of the plan.
 */
export function promisedFor(scenario: Pick<Scenario, 'name' | 'objectives' | 'loses'>, plan: Promising): Promised[] {
  const own = promise(`the scenario ${scenario.name}`, scenario.objectives.rtoMs);
  const found = [...own, ...servicesDown(scenario, plan).flatMap((name) => ofService(name, plan))];
  return (found.length > 0 ? found : promise('the plan', plan.objectives.rtoMs)).toSorted((a, b) => a.ms - b.ms);
}

const promise = (of: string, ms: number | undefined): Promised[] => (ms === undefined ? [] : [{ of, ms }]);

function ofService(name: string, { services, ranks }: Promising): Promised[] {
  const { objectives, rank } = services.get(name) ?? {};
  if (objectives?.rtoMs !== undefined) return promise(`the service ${name}`, objectives.rtoMs);
  return rank === undefined ? [] : promise(`the service ${name} (${rank})`, ranks.get(rank)?.rtoMs);
}

/** Services that stand in what is lost, that need what is lost, or that need such services. */
function servicesDown({ loses }: Pick<Scenario, 'loses'>, plan: Promising): string[] {
  const stands = (domain: string | undefined): boolean => isInside(domain, loses.domains, plan);
  const down = new Set(loses.assets);
  for (const { name, domain } of [...plan.assets.values(), ...plan.services.values()])
    if (stands(domain)) down.add(name);
  for (let before = -1; before < down.size;) {
    before = down.size;
    for (const { name, needs } of plan.services.values()) if (needs.some((need) => down.has(need))) down.add(name);
  }
  return [...down].filter((name) => plan.services.has(name));
}

function isInside(domain: string | undefined, lost: readonly string[], { domains }: Promising): boolean {
  const seen = new Set<string>();
  for (let at = domain; at !== undefined && !seen.has(at); at = domains.get(at)?.parent) {
    if (lost.includes(at)) return true;
    seen.add(at);
  }
  return false;
}
