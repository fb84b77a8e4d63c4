import { isLifeboatError, isoTime, limits, LifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damageFrom, isDamage, type DamageLog } from '../damage.ts';
import { freshSalt } from '../format/seal.ts';
import { plainSession, readSession, sealSession, type Session } from '../format/session-object.ts';
import { claimPoint } from '../format/tombstone.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName, sessionName } from '../names.ts';
import { forEachOf } from '../tasks.ts';
import { mayLive, thisProcess } from './writing-process.ts';

export { readSession } from '../format/session-object.ts';

/** Sessions of this very process that still write: one that is not among them was left by an error. */
const writing = new Set<string>();

export interface OpenedSession {
  /** Ids for the writer's index objects, each to be used once. */
  readonly index: readonly string[];
  /** Writers that may still be at work. */
  readonly others: number;
}

interface SessionOf {
  /** The point that is made. */
  readonly id: string;
  readonly host: string;
  readonly asset: string;
  readonly nowMs: number;
}

/** Tells all that a writer is at work, before it reads which packs there are. Throws `store.busy` where only one may write. */
export async function openSession(
  store: Store,
  bundle: KeyBundle,
  own: SessionOf,
  log: DamageLog,
): Promise<OpenedSession> {
  const name = sessionName(own.id);
  const index = Array.from({ length: limits.announcedIndexObjects }, () => freshSalt().toString('hex'));
  writing.add(own.id);
  await store.put(name, [await sealSession(bundle, name, { ...(await sessionOf(own)), index })], { ifAbsent: true });
  const others = await sweep(store, bundle, own, log);
  requireAlone(store, others);
  return { index, others };
}

/**
 * The same for a replicator, which has no key: `id` is the point that it copies, so that claiming the point's name keeps it out, too. A session
 * that a dead process of this host left for the same point is taken over.
 * Throws `store.busy` where another copies that point, or only one may write at all.
 */
export async function openPlainSession(
  store: Store,
  own: SessionOf,
  log: DamageLog,
): Promise<Pick<OpenedSession, 'others'>> {
  const name = sessionName(own.id);
  const taken = !writing.has(own.id) && (await putOrTakeOver(store, name, own));
  if (!taken) {
    throw new LifeboatError('store.busy', `another process already copies the point ${own.id} to ${store.location}`, {
      where: name,
    });
  }
  writing.add(own.id);
  const others = await sweep(store, undefined, own, log);
  requireAlone(store, others);
  return { others };
}

/** May be called again. */
export async function closeSession(store: Store, id: string): Promise<void> {
  writing.delete(id);
  await store.remove(sessionName(id));
}

/** Whether the writer of a session may still work; `unknown` for one of another host. */
export async function stateOf(id: string, session: Session, host: string): Promise<'alive' | 'dead' | 'unknown'> {
  if (session.host !== host) return 'unknown';
  if (!(await mayLive(session))) return 'dead';
  return session.pid !== process.pid || writing.has(id) ? 'alive' : 'dead';
}

async function putOrTakeOver(store: Store, name: string, own: SessionOf): Promise<boolean> {
  try {
    await store.put(name, [plainSession(await sessionOf(own))], { ifAbsent: true });
    return true;
  } catch (error) {
    if (!isLifeboatError(error, 'store.exists')) throw error;
  }
  const there = await readSession(store, undefined, name).catch((error: unknown) => {
    // It ended between the two: whoever copied that point has shown it, or the next copy does.
    if (isLifeboatError(error, 'store.missing')) return 'ended' as const;
    throw error;
  });
  if (there === 'ended' || there === 'sealed' || (await stateOf(own.id, there, own.host)) !== 'dead') return false;
  await store.put(name, [plainSession(await sessionOf(own))]);
  return true;
}

async function sessionOf({ host, asset, nowMs }: SessionOf): Promise<Omit<Session, 'index'>> {
  return { host, asset, started: isoTime(nowMs), ...(await thisProcess()) };
}

/** Removes what writers of this host left that are dead; returns how many others may still be at work. */
async function sweep(
  store: Store,
  bundle: KeyBundle | undefined,
  own: { id: string; host: string },
  log: DamageLog,
): Promise<number> {
  let others = 0;
  await forEachOf(store.list('sessions/'), limits.objectsReadAtOnce, async ({ name }) => {
    const { kind, id } = objectOfName(name);
    if (kind !== 'session' || id === own.id) return;
    try {
      const session = await readSession(store, bundle, name);
      if (session !== 'sealed' && (await stateOf(id, session, own.host)) === 'dead') {
        await endSession(store, id, session, own.host);
      } else others += 1;
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Gone between the listing and now: its writer has ended.
      if (error.code === 'store.missing') return;
      log.note(damageFrom(error, name, 'session'));
      others += 1;
    }
  });
  return others;
}

/**
 * Ends the session of a writer that is dead. A request of it may still be on its way to the store: the name of its point is claimed
 * first, so that this cannot become visible any more. What a replicator left may be copied again under the same name.
 */
export async function endSession(store: Store, id: string, session: Session, by: string): Promise<void> {
  if (session.index.length > 0) await claimPoint(store, id, by);
  await store.remove(sessionName(id)).catch((error: unknown) => {
    // Who may write and not delete leaves it to a prune, which knows by the name of the point that it has ended.
    if (!isLifeboatError(error, 'store.denied')) throw error;
  });
}

function requireAlone(store: Store, others: number): void {
  if (others === 0 || store.atomicCreate) return;
  throw new LifeboatError('store.busy', `${store.location} allows one writer at a time, and another is at work`, {
    hint: 'Wait for it. If it died on another host, remove its object below sessions/.',
  });
}
