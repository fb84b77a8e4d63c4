import type { Plan } from '../../plan/index.ts';

export interface LossTarget {
  readonly ms: number;
  /** `the service shop`, `the plan` */
  readonly of: string;
}

/**
 * The strictest target for what an asset may lose, as the linter has it: its own; else those of the services that need it, directly or
 * through others; else the plan's.
 */
export function lossAllowed(plan: Plan, asset: string): LossTarget | undefined {
  const own = plan.assets.get(asset)?.objectives?.rpoMs;
  if (own !== undefined) return { ms: own, of: `the asset ${asset}` };
  const ofServices = servicesThatNeed(plan, asset).flatMap((name): LossTarget[] => {
    const ms = plan.services.get(name)?.objectives.rpoMs;
    return ms === undefined ? [] : [{ ms, of: `the service ${name}` }];
  });
  const ofPlan = plan.objectives.rpoMs === undefined ? [] : [{ ms: plan.objectives.rpoMs, of: 'the plan' }];
  return (ofServices.length > 0 ? ofServices : ofPlan).toSorted((a, b) => a.ms - b.ms)[0];
}

function servicesThatNeed({ services }: Plan, asset: string): string[] {
  const found = new Set([asset]);
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { name, needs } of services.values()) if (needs.some((need) => found.has(need))) found.add(name);
  }
  return [...found].filter((name) => services.has(name));
}
