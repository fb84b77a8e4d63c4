import type { Plan, Scenario } from '../../model.ts';
import type { Written } from './written.ts';

/** What is lost together: the tree of failure domains, and what stands in it. */
export class Domains {
  readonly #plan: Plan;
  readonly #written: Written;
  readonly #above = new Map<string, ReadonlySet<string>>();
  readonly #needed = new Map<string, ReadonlySet<string>>();

  constructor(plan: Plan, written: Written) {
    this.#plan = plan;
    this.#written = written;
  }

  /** Whether the plan draws the tree itself; otherwise the names that are used stand side by side. */
  get declared(): boolean {
    return this.#written.has(['domains']);
  }

  /** A domain and all that it stands in, innermost first. */
  above(domain: string): ReadonlySet<string> {
    const known = this.#above.get(domain);
    if (known !== undefined) return known;
    const chain = new Set<string>();
    for (let at: string | undefined = domain; at !== undefined && !chain.has(at);) {
      chain.add(at);
      at = this.#plan.domains.get(at)?.parent;
    }
    this.#above.set(domain, chain);
    return chain;
  }

  /** Whether losing the one loses the other. Nothing is known of what names no domain. */
  isLost(domain: string | undefined, lost: readonly string[]): boolean {
    if (domain === undefined) return false;
    const chain = this.above(domain);
    return lost.some((name) => chain.has(name));
  }

  storeIsLost(store: string, lost: readonly string[]): boolean {
    return this.isLost(this.#plan.stores.get(store)?.domain, lost);
  }

  /** Assets that a scenario names and those that stand in the domains that it loses. */
  assetsLostBy(scenario: Scenario): string[] {
    return this.assetsIn(scenario.loses.domains, scenario.loses.assets);
  }

  assetsIn(lost: readonly string[], named: readonly string[] = []): string[] {
    const inside = [...this.#plan.assets.values()].filter(({ domain }) => this.isLost(domain, lost));
    return [...new Set([...named, ...inside.map(({ name }) => name)])].filter((name) => this.#plan.assets.has(name));
  }

  /** The assets that a service needs, also through other services. */
  assetsNeededBy(service: string): ReadonlySet<string> {
    const known = this.#needed.get(service);
    if (known !== undefined) return known;
    const found = new Set<string>();
    this.#needed.set(service, found); // before the walk, so that a circle of needs ends
    for (const need of this.#plan.services.get(service)?.needs ?? []) {
      if (this.#plan.assets.has(need)) found.add(need);
      for (const asset of this.assetsNeededBy(need)) found.add(asset);
    }
    return found;
  }

  /** Services that stand still without one of these assets. */
  servicesThatNeed(assets: readonly string[]): string[] {
    return [...this.#plan.services.keys()].filter((service) => {
      const needed = this.assetsNeededBy(service);
      return assets.some((asset) => needed.has(asset));
    });
  }
}
