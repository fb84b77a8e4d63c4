import { isLifeboatError, LifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import type { DamageLog } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { sessionName } from '../names.ts';
import { closeSession, openSession } from '../write/sessions.ts';
import type { OpenWriter } from './prune-contract.ts';
import type { Writers } from './writers.ts';

export interface AloneOf {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly log: DamageLog;
  /** Of the session to be. */
  readonly id: string;
  readonly host: string;
  readonly nowMs: number;
}

/** What the session of a prune is for, in the place of an asset. */
const pruneSession = 'prune';

/**
 * One prune at a time: a list of condemned packs goes when its packs are gone, and nobody else may still act by it. Two that begin
 * at once see each other. Throws `store.busy`.
 */
export async function openAlone(
  { store, bundle, log, ...own }: AloneOf,
  listWriters: () => Promise<Writers>,
): Promise<void> {
  try {
    await openSession(store, bundle, { ...own, asset: pruneSession }, log);
    const [other] = (await listWriters()).open.filter(({ asset }) => asset === pruneSession);
    if (other !== undefined) throw busy(store, other);
  } catch (error) {
    await closeSession(store, own.id).catch((second: unknown) => {
      // The store that broke the start may still be away; who comes next on this host removes the session.
      if (!isLifeboatError(second)) throw second;
    });
    throw error;
  }
}

export async function closeAlone(store: Store, id: string): Promise<void> {
  try {
    await closeSession(store, id);
  } catch (error) {
    // What was done is done: the next one on this host finds the session and removes it.
    if (!isLifeboatError(error)) throw error;
  }
}

const busy = (store: Store, { id, host, started }: OpenWriter): LifeboatError =>
  new LifeboatError('store.busy', `another prune is at work on ${store.location}, from ${host} since ${started}`, {
    where: sessionName(id),
    hint: `Wait for it. If you know that it is dead: lifeboat store prune --evict ${id}`,
  });
