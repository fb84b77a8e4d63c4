import { databaseFence } from '../../hands/fences/database.ts';
import type { FenceRecord } from '../../hands/fences/fence.ts';
import type { StepContext } from '../../step.ts';
import { fencesAround } from './fenced.ts';

type Inherited = FenceRecord & { readonly how: 'revoke' | 'read-only' };

/** A fence in the old server's catalog came over with its log: the new one is rid of it. */
export async function liftInherited(asset: string, url: string, context: StepContext): Promise<void> {
  const inherited = fencesAround(asset, context).filter(
    (one): one is Inherited => one.how === 'revoke' || one.how === 'read-only',
  );
  for (const { how, before } of inherited) {
    await context.mustHold();
    await databaseFence(asset, url, how, context).lift(before);
  }
}
