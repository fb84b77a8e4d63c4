import type { Survival } from '../lint/survival/survival.ts';
import type { Finding, Plan, Scenario } from '../model.ts';
import type { StepContext } from './steps/step-blocks.ts';

/** What every section is made from. */
export interface RenderContext extends StepContext {
  readonly plan: Plan;
  /** The first moment of the day on which it is rendered; dates to come are counted from it. */
  readonly dayMs: number;
  /** What each scenario leaves, by its name. */
  readonly survival: ReadonlyMap<string, Survival>;
  /** Of the linter and of the form: what is known to be wrong with the plan. */
  readonly findings: readonly Finding[];
}

/** Contacts that have a role, in the order of the plan. */
export const contactsOf = ({ plan }: RenderContext, role: string): string[] =>
  [...plan.contacts].filter(([name, contact]) => contact.role === role || name === role).map(([name]) => name);

/** Services that cannot work without one of these assets, through others too. */
export function servicesNeeding(plan: Plan, assets: readonly string[]): string[] {
  const lost = new Set(assets);
  const hit = new Set<string>();
  for (let grown = true; grown;) {
    grown = false;
    for (const { name, needs } of plan.services.values()) {
      if (hit.has(name) || !needs.some((need) => lost.has(need) || hit.has(need))) continue;
      hit.add(name);
      grown = true;
    }
  }
  return [...hit];
}

/** Everything inside the domains that are lost. */
export function lostDomains(plan: Plan, { loses }: Scenario): ReadonlySet<string> {
  const lost = new Set(loses.domains);
  for (const { name } of plan.domains.values()) {
    for (let at = plan.domains.get(name); at !== undefined; at = plan.domains.get(at.parent ?? '')) {
      if (loses.domains.includes(at.name)) lost.add(name);
    }
  }
  return lost;
}

export function lostAssets(plan: Plan, scenario: Scenario): string[] {
  const domains = lostDomains(plan, scenario);
  return [...plan.assets.values()]
    .filter(({ name, domain }) => scenario.loses.assets.includes(name) || domains.has(domain ?? ''))
    .map(({ name }) => name);
}

/** Findings about a scenario and what stands in it. */
export const findingsOf = ({ findings }: RenderContext, scenario: string): Finding[] =>
  findings.filter(({ path }) => path === `scenarios.${scenario}` || path.startsWith(`scenarios.${scenario}.`));

/** How much a scenario may lose at most, of the asset of which least may be; undefined when nothing is promised. */
export function rpoMsOf({ survival }: RenderContext, scenario: Scenario): number | undefined {
  const lost = (survival.get(scenario.name)?.assets ?? []).filter((one) => one.lost);
  const promises = lost.flatMap(({ rpoMs }) => (rpoMs === undefined ? [] : [rpoMs]));
  return promises.length === 0 ? scenario.objectives.rpoMs : Math.min(...promises);
}
