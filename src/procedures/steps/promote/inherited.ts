import { databaseFence } from '../../hands/fences/database.ts';
import type { FenceRecord } from '../../hands/fences/fence.ts';
import type { StepContext } from '../../step.ts';
import { fencesAround } from './fenced.ts';

type Inherited = FenceRecord & { readonly how: 'revoke' | 'read-only' };

/** A fence in the old server's catalog came over with its log: the new one is rid of it. */
export async function liftInherited(asset: string, url: string, context: StepContext): Promise<void> {
  for (const { how, before } of inheritedBy(asset, context)) {
    await context.mustHold();
    await databaseFence(asset, url, how, context).lift(before);
  }
}

/** What still stands of it, in words. A trial to write does not tell: who is let through by a revoke is who tries. */
export async function stillFenced(asset: string, url: string, context: StepContext): Promise<string | undefined> {
  for (const { how, before } of inheritedBy(asset, context)) {
    const { state, text } = await databaseFence(asset, url, how, context).proveLifted(before);
    if (state !== 'proved') return `it is still behind the fence that came over with the log (${how}): ${text}`;
  }
  return undefined;
}

const inheritedBy = (asset: string, context: StepContext): Inherited[] =>
  fencesAround(asset, context).filter((one): one is Inherited => one.how === 'revoke' || one.how === 'read-only');
