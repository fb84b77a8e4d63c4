import type { Plan, Scenario } from '../../model.ts';
import { othersCopies } from './others-copies.ts';
import type { Written } from './written.ts';

/** What is lost together: the tree of failure domains, and what stands in it. */
export class Domains {
  readonly #plan: Plan;
  readonly #written: Written;
  readonly #above = new Map<string, ReadonlySet<string>>();
  readonly #needed = new Map<string, ReadonlySet<string>>();
  readonly #lostBy = new Map<Scenario, readonly string[]>();
  #inside: ReadonlyMap<string, readonly string[]> | undefined;
  #others: ReadonlyMap<string, string | undefined> | undefined;
  #users: Map<string, string[]> | undefined;

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
    this.#others ??= new Map(
      [...this.#plan.assets.values()]
        .flatMap((asset) => othersCopies(asset, this.#written))
        .map((one) => [one.store, one.domain]),
    );
    return this.isLost(this.#plan.stores.get(store)?.domain ?? this.#others.get(store), lost);
  }

  /** Assets that a scenario names and those that stand in the domains that it loses. */
  assetsLostBy(scenario: Scenario): readonly string[] {
    const known = this.#lostBy.get(scenario);
    if (known !== undefined) return known;
    const lost = this.assetsIn(scenario.loses.domains, scenario.loses.assets);
    this.#lostBy.set(scenario, lost);
    return lost;
  }

  assetsIn(lost: readonly string[], named: readonly string[] = []): string[] {
    const inside = lost.flatMap((domain) => this.#assetsByDomain().get(domain) ?? []);
    return [...new Set([...named, ...inside])].filter((name) => this.#plan.assets.has(name));
  }

  /** For each domain the assets that stand in it, however deep. */
  #assetsByDomain(): ReadonlyMap<string, readonly string[]> {
    if (this.#inside !== undefined) return this.#inside;
    const inside = new Map<string, string[]>();
    for (const { name, domain } of this.#plan.assets.values()) {
      for (const outer of domain === undefined ? [] : this.above(domain)) addTo(inside, outer, name);
    }
    this.#inside = inside;
    return inside;
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
    if (this.#users === undefined) {
      this.#users = new Map();
      for (const service of this.#plan.services.keys()) {
        for (const asset of this.assetsNeededBy(service)) addTo(this.#users, asset, service);
      }
    }
    const users = this.#users;
    return [...new Set(assets.flatMap((asset) => users.get(asset) ?? []))];
  }
}

function addTo(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
