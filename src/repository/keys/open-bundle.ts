import { LifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, DamageLog } from '../damage.ts';
import { readHeaders, readStoredKeys, type Header, type StoredKey } from '../format/headers.ts';
import type { Twin } from '../format/twins.ts';
import { keyName } from '../names.ts';
import type { Damage, Unlock } from '../repository.ts';
import { newestEpoch, type KeyBundle } from './bundle.ts';
import { isVouchedFor, type KeyObject } from './key-object.ts';
import { unwrap } from './keys.ts';

export interface OpenedBundle {
  readonly bundle: KeyBundle;
  /** The key that gave it. */
  readonly by: KeyObject;
  readonly headers: readonly Twin<Header>[];
}

/** The newest bundle that these secrets open. Throws what `OpenRepository` says. */
export async function openBundle(store: Store, unlock: Unlock, log: DamageLog): Promise<OpenedBundle> {
  const headers = await readHeaders(store, log);
  if (ways(unlock).length === 0) {
    throw new LifeboatError('key.missing', `neither a passphrase nor an identity was given for ${store.location}`);
  }
  const keys = await readStoredKeys(store, log);
  for (const { value } of headers) {
    const opened = await openNewest(keys, value.id, unlock);
    if (opened !== undefined) return { ...opened, headers };
  }
  throw noKeyOpens(store, keys, headers, log);
}

/** All the secrets of an unlock, one by one. */
export function ways(unlock: Unlock): Unlock[] {
  const { passphrase, identity, more = [] } = unlock;
  return [
    ...(identity === undefined ? [] : [{ identity }]),
    ...(passphrase === undefined ? [] : [{ passphrase }]),
    ...more.flatMap((one) => ways(one)),
  ];
}

/** The bundle that any of these secrets finds in the key. */
export async function openKey(key: KeyObject, unlock: Unlock): Promise<KeyBundle | undefined> {
  for (const way of ways(unlock)) {
    const bundle = await unwrap(key, way);
    if (bundle !== undefined) return bundle;
  }
  return undefined;
}

/**
 * Keys say in plain text which epoch they hold, and the latest is tried first; only one that is vouched for ends the search, so
 * that an old key with a larger number written on it does not hide the new one.
 */
async function openNewest(
  keys: readonly StoredKey[],
  repository: string,
  unlock: Unlock,
): Promise<{ bundle: KeyBundle; by: KeyObject } | undefined> {
  const own = keys.filter(({ key }) => key.repository === repository);
  const latestFirst = own.toSorted((a, b) => rankOf(b.key) - rankOf(a.key));
  let best: { bundle: KeyBundle; by: KeyObject } | undefined;
  for (const { key, bytes } of latestFirst) {
    const bundle = await openKey(key, unlock);
    if (bundle === undefined) continue;
    if (best === undefined || isLater(bundle, best.bundle)) best = { bundle, by: key };
    if (isVouchedFor(bundle, bytes, keyName(key.id))) break;
  }
  return best;
}

const rankOf = ({ epoch = 0, newest = 0 }: KeyObject): number => epoch * 2 + (newest > epoch ? 1 : 0);

export const isLater = (bundle: KeyBundle, other: KeyBundle): boolean =>
  bundle.epoch > other.epoch || (bundle.epoch === other.epoch && newestEpoch(bundle) > newestEpoch(other));

function noKeyOpens(
  store: Store,
  keys: readonly StoredKey[],
  headers: readonly Twin<Header>[],
  log: DamageLog,
): LifeboatError {
  const own = keys.map(({ key }) => key).filter((key) => headers.some(({ value }) => value.id === key.repository));
  const bad = log.list().filter((one: Damage) => one.kind === 'key');
  if (own.length > 0) {
    const kinds = [...new Set(own.map(wayInto))].join(' or ');
    return new LifeboatError('key.wrong', `what was given opens none of the keys of ${store.location}`, {
      where: store.location,
      hint: `It opens with ${kinds}${bad.length > 0 ? `; the object ${bad[0]?.object} is damaged` : ''}.`,
    });
  }
  if (bad[0] !== undefined) return damaged(bad[0].object, `no key of the repository is whole (${bad[0].what})`);
  return new LifeboatError('key.missing', `${store.location} holds no key of its repository`, {
    where: store.location,
    hint: 'Bring back an object below keys/ from a copy of the store: without one nothing can be read.',
  });
}

function wayInto(key: KeyObject): string {
  if (key.kind === 'passphrase') return 'a passphrase';
  if (key.shares === undefined) return 'an age identity';
  return `${key.shares.needed} of ${key.shares.of} share sheets (${key.shares.holders.join(', ')})`;
}
