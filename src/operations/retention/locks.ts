import { isLifeboatError, limits, toLifeboatError, type LifeboatError } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import type { Workspace } from '../contract.ts';

/** What became of the locks of one store. */
export interface LockReport {
  readonly store: string;
  /** Objects that are locked until `untilMs` now, or for longer. */
  readonly extended: number;
  readonly untilMs: number;
  /** Objects whose lock the store would not extend, with its reason. */
  readonly failed: readonly { readonly object: string; readonly reason: string }[];
}

/** A store's own lists are short-lived, and what is condemned shall go. */
const passing = ['sessions/', 'condemned/', 'awaited/', 'cooling/', 'tmp/'];

/**
 * Locks what lives on for as long as the plan says from now, before the locks that it was stored with end: whatever a point that is kept needs, and the
 * keys, logs and journals beside it. Only once in a third of the lock's time, so that a lock never has less than two thirds left
 * where backups, verifications or prunes come at least as often. Undefined where the plan asks for no lock, or it is not due. What nobody needs any more is locked
 * with the rest until a prune condemns it: it goes one lock later. Throws the errors of the store.
 */
export async function extendLocks(
  workspace: Workspace,
  store: string,
  { signal, now = false }: { signal?: AbortSignal | undefined; now?: boolean } = {},
): Promise<LockReport | undefined> {
  const lockMs = workspace.plan.stores.get(store)?.lockMs;
  if (lockMs === undefined) return undefined;
  const { clock, journal } = workspace;
  const last = journal.records({ kinds: ['locks.extended'] }).findLast(({ data }) => data['store'] === store);
  if (!now && last !== undefined && clock.now() - last.atMs < lockMs / 3) return undefined;
  const place = await workspace.place(store);
  const extend = place.extend?.bind(place);
  if (extend === undefined) return undefined;
  const untilMs = clock.now() + lockMs;
  const failed: { object: string; reason: string }[] = [];
  const objects = await living(workspace, store, place);
  let extended = 0;
  await inTurns(objects, async ({ name }) => {
    signal?.throwIfAborted();
    try {
      await extend(name, untilMs);
      extended += 1;
    } catch (error) {
      // Removed since it was listed, by whoever may.
      if (isLifeboatError(error, 'store.missing')) return;
      if (!isLifeboatError(error, 'store.denied') && !isLifeboatError(error, 'store.unfit')) throw error;
      failed.push({ object: name, reason: error.message });
    }
  });
  const report = { store, extended, untilMs, failed };
  const record = { ...report, failed: failed.slice(0, limits.copyReasonsKept), failures: failed.length };
  journal.append(failed.length === 0 ? 'locks.extended' : 'locks.failed', record);
  return report;
}

/** Beside what it was called for: that a lock could not be extended is recorded, and `check --live` finds it; it undoes no backup. */
export async function tryExtendLocks(
  workspace: Workspace,
  store: string,
  signal?: AbortSignal,
): Promise<LifeboatError | undefined> {
  try {
    await extendLocks(workspace, store, { signal });
    return undefined;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const failure = toLifeboatError(error);
    workspace.journal.append('locks.failed', { store, error: failure.toJSON() });
    return failure;
  }
}

async function living(workspace: Workspace, store: string, place: Store): Promise<StoredObject[]> {
  const condemned = await (await workspace.repository(store)).condemned();
  const objects: StoredObject[] = [];
  for await (const object of place.list(''))
    if (!passing.some((prefix) => object.name.startsWith(prefix)) && !condemned.has(object.name)) objects.push(object);
  return objects;
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: limits.objectsRemovedAtOnce }, worker));
}
