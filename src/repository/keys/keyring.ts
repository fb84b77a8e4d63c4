import { isLifeboatError, LifeboatError, limits, timeId, type Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { readStoredKeys, type StoredKey } from '../format/headers.ts';
import { copyOf, keyName } from '../names.ts';
import type { Unlock } from '../repository.ts';
import { fingerprintOf, type KeyBundle } from './bundle.ts';
import { decodeKeyObject, isVouchedFor, type ShareFacts } from './key-object.ts';
import { openBundle, openKey } from './open-bundle.ts';
import { putKept } from '../put-kept.ts';

/** One way into a repository, as `keys list` shows it. Nothing of it is secret. */
export interface KeyEntry {
  readonly id: string;
  readonly kind: 'passphrase' | 'age' | 'shares';
  readonly label: string | undefined;
  readonly created: string;
  /** The epoch that its holder seals under; undefined for keys of early versions, which do not say. */
  readonly epoch: number | undefined;
  readonly recipients: readonly string[];
  readonly shares: ShareFacts | undefined;
  /** A holder of the repository’s key wrote it as it stands. */
  readonly vouched: boolean;
  /** What was given just opened it. */
  readonly opens: boolean;
}

/** The keys of one repository in one store, opened by what was given. */
export interface Keyring {
  readonly store: Store;
  readonly unlock: Unlock;
  readonly bundle: KeyBundle;
  readonly repository: string;
  readonly fingerprint: string;
  /** The id of the key that opened it. */
  readonly openedBy: string;
}

/** Throws what `OpenRepository` throws. The store stays the caller’s, who closes it. */
export async function openKeyring(store: Store, unlock: Unlock): Promise<Keyring> {
  const { bundle, by } = await openBundle(store, unlock, new DamageLog());
  const { repository } = bundle;
  return { store, unlock, bundle, repository, fingerprint: fingerprintOf(bundle), openedBy: by.id };
}

/** Every key of the repository, oldest first. With `prove`, each is tried with what was given; else only the one that opened it. */
export async function keysOf(ring: Keyring, { prove = false } = {}): Promise<KeyEntry[]> {
  const entries: KeyEntry[] = [];
  for (const stored of await storedKeys(ring)) {
    const opens = stored.key.id === ring.openedBy || (prove && (await openKey(stored.key, ring.unlock)) !== undefined);
    entries.push(entryOf(ring, stored, opens));
  }
  return entries;
}

/** Every key object of this repository that is whole. Throws `limit.exceeded`. */
export async function storedKeys({ store, repository }: Keyring): Promise<StoredKey[]> {
  const keys = (await readStoredKeys(store, new DamageLog())).filter(({ key }) => key.repository === repository);
  if (keys.length <= limits.keysMax) return keys;
  throw new LifeboatError('limit.exceeded', `${store.location} holds ${keys.length} keys`, {
    hint: `Remove those that nobody needs any more: at most ${limits.keysMax} are handled.`,
  });
}

export function entryOf(ring: Keyring, { key, bytes }: StoredKey, opens: boolean): KeyEntry {
  const shares = key.kind === 'age' ? key.shares : undefined;
  return {
    id: key.id,
    kind: shares === undefined ? key.kind : 'shares',
    label: key.label,
    created: key.created,
    epoch: key.epoch,
    recipients: key.kind === 'age' ? key.recipients : [],
    shares,
    vouched: isVouchedFor(ring.bundle, bytes, keyName(key.id)),
    opens,
  };
}

export const freshKeyId = (clock: Clock): string => timeId(clock.now());

/** Writes both copies and reads them back. The same key written again is no error. */
export async function putKey(store: Store, id: string, bytes: Buffer): Promise<void> {
  for (const name of [keyName(id), copyOf(keyName(id))]) {
    decodeKeyObject(bytes, name);
    await putKept(store, name, bytes);
  }
}

/** The copy goes first: a key of which one copy is left is whole, and is seen. True when the store kept it all the same. */
export async function removeKey(store: Store, id: string): Promise<boolean> {
  for (const name of [copyOf(keyName(id)), keyName(id)]) {
    try {
      await store.remove(name);
    } catch (error) {
      // A lock or hold: what it opens is old, and it is named as kept.
      if (!isLifeboatError(error, 'store.denied')) throw error;
    }
  }
  return (await store.stat(keyName(id))) !== undefined;
}
