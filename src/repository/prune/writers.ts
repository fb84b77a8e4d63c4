import { isLifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';
import { readSession, type Session } from '../format/session-object.ts';
import { claimPoint, isTombstone } from '../format/tombstone.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName, pointName } from '../names.ts';
import { forEachOf } from '../tasks.ts';
import { endSession, stateOf } from '../write/sessions.ts';
import type { OpenWriter } from './prune-contract.ts';

export interface Writers {
  /** May still make their points. */
  readonly open: readonly OpenWriter[];
  /** Ids of index objects that they announced. */
  readonly index: ReadonlySet<string>;
  /** Whether one of them makes index objects that nobody can know beforehand. */
  readonly announcesNothing: boolean;
  /** Every session that the store listed, ended or not. */
  readonly listed: ReadonlySet<string>;
}

export interface WritersOf {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly host: string;
  /** Whether sessions of dead processes are ended; their names are added. */
  readonly swept: string[] | undefined;
  /** A session of our own, on a store that allows one. */
  readonly own: string | undefined;
}

/**
 * Who is at work. A writer whose point is there has committed, and one whose name was claimed never will: neither counts, though it
 * may not have been able to remove its session.
 */
export async function findWriters(of: WritersOf): Promise<Writers> {
  const open: OpenWriter[] = [];
  const index = new Set<string>();
  const listed = new Set<string>();
  let announcesNothing = false;
  await forEachOf(of.store.list('sessions/'), limits.objectsReadAtOnce, async ({ name }) => {
    const { kind, id } = objectOfName(name);
    if (kind !== 'session' || id === of.own) return;
    listed.add(id);
    const session = await sessionOf(of, name);
    if (session === 'gone') return;
    const state = session === 'damaged' ? 'unknown' : await stateOf(id, session, of.host);
    if (state === 'dead' && session !== 'damaged' && of.swept !== undefined) {
      await endSession(of.store, id, session, of.host);
      of.swept.push(name);
      return;
    }
    const outcome = await outcomeOf(of.store, id);
    if (outcome === 'committed' && of.swept !== undefined) {
      await of.store.remove(name);
      of.swept.push(name);
    }
    if (outcome !== 'none') return;
    announcesNothing ||= session !== 'damaged' && session.index.length === 0;
    if (session !== 'damaged') for (const one of session.index) index.add(one);
    const { host, asset, started } = session === 'damaged' ? unknownSession : session;
    open.push({ id, host, asset, started, alive: state === 'alive' });
  });
  open.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { open, index, listed, announcesNothing };
}

/** Claims the point of a writer; from then on it cannot commit. False if it had committed before. */
export async function evict(store: Store, id: string, by: string): Promise<boolean> {
  return (await claimPoint(store, id, by)) || (await outcomeOf(store, id)) === 'claimed';
}

const unknownSession = { host: '?', asset: '?', started: '?' };

async function sessionOf({ store, bundle }: WritersOf, name: string): Promise<Session | 'gone' | 'damaged'> {
  try {
    return await readSession(store, bundle, name);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return error.code === 'store.missing' ? 'gone' : 'damaged';
  }
}

/** Whoever has the name of the point has it for good: the writer, with its point, or who claimed it. */
async function outcomeOf(store: Store, id: string): Promise<'none' | 'claimed' | 'committed'> {
  try {
    const bytes = await store.get(pointName(id), { range: { offset: 0, length: limits.headerBytesMax } });
    return isTombstone(bytes, id) ? 'claimed' : 'committed';
  } catch (error) {
    if (isLifeboatError(error, 'store.missing')) return 'none';
    // It is there and cannot be read: whether it may still be made is not known, and it counts as at work.
    if (isDamage(error)) return 'none';
    throw error;
  }
}
