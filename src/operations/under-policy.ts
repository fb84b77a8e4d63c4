import { formatBytes, inTime, LifeboatError, limits, toLifeboatError } from '../core/index.ts';
import { holdsRepository } from '../repository/index.ts';
import type { Workspace } from './contract.ts';
import { storesOf, unknownAsset } from './stores-of.ts';

/** The same workspace, in which an asset is protected by another policy of the plan. Throws `plan.unknown_name`. */
export function underPolicy(workspace: Workspace, asset: string, policy: string): Workspace {
  const { plan } = workspace;
  const declared = plan.assets.get(asset);
  if (declared === undefined) throw unknownAsset(plan, asset);
  if (!plan.policies.has(policy)) {
    throw new LifeboatError('plan.unknown_name', `the plan has no policy ${policy}`, {
      hint: `It has: ${[...plan.policies.keys()].join(', ') || 'none'}.`,
    });
  }
  const assets = new Map(plan.assets).set(asset, { ...declared, policy });
  return { ...workspace, plan: { ...plan, assets } };
}

/**
 * Why more points of an asset should not be taken now: one of the stores that its policy names does not answer, may not be written, or is nearly
 * full. Undefined when all are well. Changes nothing.
 */
export async function storesUnwell(workspace: Workspace, asset: string): Promise<string | undefined> {
  for (const store of storesOf(workspace.plan, asset)) {
    const unwell = await unwellInTime(workspace, store);
    if (unwell !== undefined) return unwell;
  }
  return undefined;
}

/** A store that says nothing is not well: a run that asks must not wait for it. */
async function unwellInTime(workspace: Workspace, store: string): Promise<string | undefined> {
  const late = (): LifeboatError =>
    new LifeboatError('store.unreachable', `it did not answer within ${limits.storeLookMs / 1000} s`);
  try {
    return await inTime(unwellIn(workspace, store), { clock: workspace.clock, ms: limits.storeLookMs, late });
  } catch (error) {
    return `${store}: ${toLifeboatError(error).message}`;
  }
}

async function unwellIn(workspace: Workspace, store: string): Promise<string | undefined> {
  const place = await workspace.place(store);
  if (!(await holdsRepository(place))) return `${store} holds no repository`;
  const room = await place.room?.();
  if (room === undefined || room.freeBytes >= limits.healthyRoomBytes) return undefined;
  return `${store} has ${formatBytes(room.freeBytes)} left`;
}
