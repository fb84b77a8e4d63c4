import { isLifeboatError, limits, timeId, type Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';
import { readAwaited, sealAwaited } from '../format/awaited-object.ts';
import { encodeCondemned, type Condemned } from '../format/condemned-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { awaitedName, condemnedName } from '../names.ts';
import { putKept } from '../put-kept.ts';

export interface CondemnOf {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly clock: Clock;
}

/** From here on no writer that begins counts on these packs. Final: a condemned pack is never taken back, only written anew. */
export async function condemn({ store, clock }: CondemnOf, packs: readonly string[]): Promise<void> {
  for (let at = 0; at < packs.length; at += limits.packsPerCondemnedMax) {
    const some = packs.slice(at, at + limits.packsPerCondemnedMax);
    await putKept(store, condemnedName(timeId(clock.now())), encodeCondemned(some));
  }
}

/**
 * The sessions that may be older than a condemnation: those that were there at some moment after it. The first prune that looks
 * writes them down, so that writers who begin later hold nothing up.
 */
export async function awaitedBy(
  { store, bundle }: CondemnOf,
  { id }: Condemned,
  listSessions: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const known = await readKnown(store, bundle, id);
  if (known !== undefined) return known;
  const sessions = await listSessions();
  try {
    await putKept(store, awaitedName(id), await sealAwaited(bundle, id, sessions));
  } catch (error) {
    // Another prune was first, and its list is as good.
    if (!isLifeboatError(error, 'store.exists')) throw error;
  }
  return sessions;
}

/** Undefined where nothing is written down, or what is cannot be read: then all who are there now are awaited. */
async function readKnown(store: Store, bundle: KeyBundle, id: string): Promise<readonly string[] | undefined> {
  try {
    return await readAwaited(store, bundle, id);
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}
