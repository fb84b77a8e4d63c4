import { contentHash, type Plan } from '../../plan/index.ts';

/** Of what a restore of an asset depends on in the plan: what it is, and the checks that must be green. Undefined for one that is in no plan. */
export function hashOfAsset(plan: Plan, name: string): string | undefined {
  const asset = plan.assets.get(name);
  return asset === undefined
    ? undefined
    : contentHash({ type: asset.type, settings: asset.settings, checks: asset.checks });
}
