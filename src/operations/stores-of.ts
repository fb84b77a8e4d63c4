import { LifeboatError } from '../core/index.ts';
import type { Plan, Policy } from '../plan/index.ts';

/** The stores that an asset is backed up to: those of its policy, or every store of the plan when it names no policy. */
export function storesOf(plan: Plan, asset: string): readonly string[] {
  const policy = policyOf(plan, asset);
  return policy === undefined || policy.to.length === 0 ? [...plan.stores.keys()] : policy.to;
}

/** The stores that the points of an asset are copied to. */
/** Stores that points of an asset move to when they are old enough, and that have no younger ones. */
export const tierStoresOf = (plan: Plan, asset: string): readonly string[] => {
  const before = [...storesOf(plan, asset), ...copiesOf(plan, asset)];
  const named = (policyOf(plan, asset)?.keeps.tiers ?? []).flatMap(({ store }) => store ?? []);
  return [...new Set(named)].filter((store) => !before.includes(store));
};

export const copiesOf = (plan: Plan, asset: string): readonly string[] => {
  const first = storesOf(plan, asset);
  return (policyOf(plan, asset)?.copy?.to ?? []).filter((store) => !first.includes(store));
};

/** Where points of an asset are, the nearest first: where they are taken, then where they are copied, then where old ones move. */
export const holdersOf = (plan: Plan, asset: string): readonly string[] => [
  ...storesOf(plan, asset),
  ...copiesOf(plan, asset),
  ...tierStoresOf(plan, asset),
];

/** Which store is to be a copy of which, by all policies. */
export function copyPairs(plan: Plan): { from: string; to: string; assets: string[]; withinMs: number | undefined }[] {
  const pairs = new Map<string, { from: string; to: string; assets: string[]; withinMs: number | undefined }>();
  for (const asset of plan.assets.keys()) {
    const withinMs = policyOf(plan, asset)?.copy?.withinMs;
    for (const to of copiesOf(plan, asset)) {
      const from = storesOf(plan, asset)[0] as string;
      const known = pairs.get(`${from} ${to}`) ?? { from, to, assets: [], withinMs };
      const strictest = Math.min(known.withinMs ?? Infinity, withinMs ?? Infinity);
      const bound = strictest === Infinity ? undefined : strictest;
      pairs.set(`${from} ${to}`, { ...known, assets: [...known.assets, asset], withinMs: bound });
    }
  }
  return [...pairs.values()];
}

/**
 * The stores that share one repository with this one, because points are copied between them: sealed objects can only be copied within
 * a repository. The stores that points are taken in come first.
 */
export function relativesOf(plan: Plan, store: string): string[] {
  const relatives = new Set([store]);
  const pairs = [...plan.policies.values()].flatMap(({ to, copy, keeps }) =>
    [...(copy?.to ?? []), ...(keeps.tiers ?? []).flatMap(({ store: old }) => old ?? [])].flatMap((target) =>
      to.map((from) => ({ from, target })),
    ),
  );
  for (let size = 0; size < relatives.size;) {
    size = relatives.size;
    for (const { from, target } of pairs) {
      if (relatives.has(from)) relatives.add(target);
      if (relatives.has(target)) relatives.add(from);
    }
  }
  relatives.delete(store);
  const takenIn = new Set(pairs.map(({ from }) => from));
  return [...relatives].toSorted((a, b) => Number(takenIn.has(b)) - Number(takenIn.has(a)));
}

/** The stores that stand in one of these domains, or in a domain inside it. */
export function storesInside(plan: Plan, domains: readonly string[]): string[] {
  const isInside = (domain: string | undefined): boolean =>
    domain !== undefined && (domains.includes(domain) || isInside(plan.domains.get(domain)?.parent));
  return [...plan.stores.values()].filter(({ domain }) => isInside(domain)).map(({ name }) => name);
}

function policyOf(plan: Plan, asset: string): Policy | undefined {
  const declaration = plan.assets.get(asset);
  if (declaration === undefined) throw unknownAsset(plan, asset);
  return declaration.policy === undefined ? undefined : plan.policies.get(declaration.policy);
}
export function unknownAsset(plan: Plan, asset: string): LifeboatError {
  const reason = plan.excluded.get(asset);
  if (reason !== undefined) {
    return new LifeboatError('plan.unknown_name', `the asset ${asset} is excluded by the plan: ${reason}`);
  }
  return new LifeboatError('plan.unknown_name', `the plan has no asset ${asset}`, {
    hint: `It has: ${[...plan.assets.keys()].join(', ')}.`,
  });
}
