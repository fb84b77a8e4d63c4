import { isLifeboatError, type Clock } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import type { Keeper } from '../../schedule/index.ts';
import { openAsset } from '../open.ts';

/** Who makes the copies of each asset of a plan; each is asked for once. */
export function keepersOf(plan: Plan, clock: Clock): (asset: string) => Keeper {
  const known = new Map<string, Keeper>();
  return (asset) => {
    const keeper = known.get(asset) ?? keeperOf(plan, asset, clock);
    known.set(asset, keeper);
    return keeper;
  };
}

function keeperOf(plan: Plan, asset: string, clock: Clock): Keeper {
  try {
    return openAsset(plan, asset, clock).outside === undefined ? 'us' : 'others';
  } catch (error) {
    if (isLifeboatError(error, 'plan.not_executable')) return 'nobody';
    throw error;
  }
}
