import { LifeboatError } from '../core/index.ts';
import type { Plan } from '../plan/index.ts';

/** The stores that an asset is backed up to: those of its policy, or every store of the plan when it names no policy. */
export function storesOf(plan: Plan, asset: string): readonly string[] {
  const declaration = plan.assets.get(asset);
  if (declaration === undefined) throw unknownAsset(plan, asset);
  const policy = declaration.policy === undefined ? undefined : plan.policies.get(declaration.policy);
  return policy === undefined || policy.to.length === 0 ? [...plan.stores.keys()] : policy.to;
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
