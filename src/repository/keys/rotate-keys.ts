import { isLifeboatError, LifeboatError, type Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { canaryName } from '../names.ts';
import { activatedBundle, newestEpoch, preparedBundle, type KeyBundle } from './bundle.ts';
import { copyCanary, putCanary, readCanary } from './canary.ts';
import { inEach, newestBundle, type StoreChange } from './change-keys.ts';
import { entryOf, freshKeyId, putKey, removeKey, storedKeys, type KeyEntry, type Keyring } from './keyring.ts';
import { renew, type KeyObject } from './keys.ts';
import { openBundle } from './open-bundle.ts';

export interface RotateOptions {
  readonly clock: Clock;
  /** Keys that nobody vouches for stay behind instead of stopping the rotation. */
  readonly leaveOutUnknown?: boolean;
  /** Goes on over a rotation that was killed before it had handed out anything; only a person knows that it is dead. */
  readonly takeOver?: boolean;
}

export interface RotateReport {
  readonly epoch: number;
  /** The keys of the new epoch. */
  readonly renewed: readonly string[];
  /** Keys that stay at their epoch, because nobody vouches for them. */
  readonly left: readonly KeyEntry[];
  /** A rotation that had been interrupted was finished. */
  readonly resumed: boolean;
  readonly stores: readonly StoreChange[];
}

/**
 * Begins a new epoch in these stores of one repository. First everybody is handed the new master key, then everybody is told to
 * seal under it, then the old key objects go: at any instant whatever is sealed can be read by all, and a rotation that was
 * killed is finished by the next. The first store must take part; another that fails is behind, and is named.
 */
export async function rotateKeys(rings: readonly Keyring[], options: RotateOptions): Promise<RotateReport> {
  const newest = newestBundle(rings);
  const [leader, ...others] = rings.toSorted((a, b) => b.bundle.epoch - a.bundle.epoch) as [Keyring, ...Keyring[]];
  const { keys, left } = await keysToRenew({ ...leader, bundle: newest }, options);
  const resumed = newestEpoch(newest) > newest.epoch;
  const prepared = resumed ? newest : await claim([leader, ...others], newest, options);
  const epoch = newestEpoch(prepared);

  const first = await handOutFirst([leader, ...others], keys, prepared, { ...options, resumed });
  const reached = [leader, ...others].filter((_, i) => first.stores[i]?.error === undefined);
  const second = await handOut(reached, keys, activatedBundle(prepared), options);
  const proven = reached.filter((_, i) => second.stores[i]?.error === undefined);
  const third = await inEach(proven, (ring) => finish(ring, leader, prepared, left, options));
  const behind = [...first.stores, ...second.stores].filter(({ error }) => error !== undefined);
  return { epoch, renewed: second.ids, left, resumed, stores: [...third, ...behind] };
}

/** One key for each way in: what an interrupted rotation wrote twice counts once. */
async function keysToRenew(
  ring: Keyring,
  { leaveOutUnknown = false, takeOver = false }: RotateOptions,
): Promise<{ keys: KeyObject[]; left: KeyEntry[] }> {
  const keys = new Map<string, KeyObject>();
  const left: KeyEntry[] = [];
  for (const stored of await storedKeys(ring)) {
    if ((stored.key.newest ?? 0) > newestEpoch(ring.bundle)) {
      if (!takeOver) throw begun(ring, stored.key.newest ?? 0);
      continue; // handed out by the dead one: whose it is has an older key as well, and this one goes at the end
    }
    const entry = entryOf(ring, stored, false);
    const renewable = entry.vouched && (stored.key.kind === 'age' || stored.key.slot !== undefined);
    // Who was left out by an earlier rotation can still vouch for that epoch; its objects are remains, and go at the end.
    if (renewable && (stored.key.newest ?? 0) < ring.bundle.epoch) continue;
    if (renewable) keys.set(wayOf(stored.key), stored.key);
    else left.push(entry);
  }
  if (left.length > 0 && !leaveOutUnknown) {
    throw new LifeboatError(
      'key.unknown',
      `nobody who held the repository's key vouches for ${left.map(({ id }) => id).join(', ')}`,
      {
        where: ring.store.location,
        hint: 'Take such a key out and add its holder again (keys remove, keys add), or leave it behind: --leave-out-unknown.',
      },
    );
  }
  return { keys: [...keys.values()], left };
}

const wayOf = (key: KeyObject): string =>
  key.kind === 'age' ? key.recipients.toSorted().join(' ') : (key.slot ?? key.id);

/** Of two rotations that begin at once one goes on: both would make a master key for the same epoch. */
async function claim(
  rings: readonly [Keyring, ...Keyring[]],
  bundle: KeyBundle,
  { clock, takeOver = false }: RotateOptions,
): Promise<KeyBundle> {
  const [leader] = rings;
  const { store } = leader;
  const prepared = preparedBundle(bundle);
  const epoch = newestEpoch(prepared);
  // A replicator may have copied what the dead one left.
  if (takeOver) for (const one of rings) await one.store.remove(canaryName(epoch));
  try {
    await putCanary(store, prepared, epoch, clock.now());
    return prepared;
  } catch (error) {
    // A reply that was lost: nobody else could have written what only this master key opens.
    if (await isOurs(store, prepared, epoch)) return prepared;
    if (!isLifeboatError(error, 'store.exists')) throw error;
    throw begun(leader, epoch);
  }
}

async function isOurs(store: Store, prepared: KeyBundle, epoch: number): Promise<boolean> {
  try {
    return await readCanary(store, prepared, epoch);
  } catch (error) {
    // Sealed under another key, or the store is away: whoever asked has the first error.
    if (isLifeboatError(error)) return false;
    throw error;
  }
}

const begun = ({ store }: Keyring, epoch: number): LifeboatError =>
  new LifeboatError('operation.busy', `a rotation of ${store.location} to epoch ${epoch} has begun`, {
    where: store.location,
    hint: 'Wait for it. If it was killed, a key that it renewed finishes it; with another key, and only if it is dead: keys rotate --take-over.',
  });

/** A rotation that fails before anybody was handed anything leaves no trace, so that it can simply be begun again. */
async function handOutFirst(
  rings: readonly [Keyring, ...Keyring[]],
  keys: readonly KeyObject[],
  prepared: KeyBundle,
  { resumed, ...options }: RotateOptions & { readonly resumed: boolean },
): ReturnType<typeof handOut> {
  try {
    return await handOut(rings, keys, prepared, options);
  } catch (error) {
    if (!resumed) await withdraw(rings, newestEpoch(prepared));
    throw error;
  }
}

async function withdraw(rings: readonly Keyring[], epoch: number): Promise<void> {
  try {
    const stored = (await Promise.all(rings.map((ring) => storedKeys(ring)))).flat();
    if (stored.some(({ key }) => (key.newest ?? 0) >= epoch)) return;
    for (const { store } of rings) await store.remove(canaryName(epoch));
  } catch (error) {
    // The store that broke the rotation may still be away: then the next one is told that this one began, and how to go on.
    if (!isLifeboatError(error)) throw error;
  }
}

async function handOut(
  rings: readonly Keyring[],
  keys: readonly KeyObject[],
  bundle: KeyBundle,
  { clock }: RotateOptions,
): Promise<{ ids: string[]; stores: StoreChange[] }> {
  const objects: { id: string; bytes: Buffer }[] = [];
  for (const key of keys) {
    const id = freshKeyId(clock);
    const bytes = await renew(bundle, id, key, clock.now());
    if (bytes !== undefined) objects.push({ id, bytes });
  }
  const stores = await inEach(rings, async ({ store }) => {
    for (const { id, bytes } of objects) await putKey(store, id, bytes);
    return [];
  });
  return { ids: objects.map(({ id }) => id), stores };
}

/** Only behind a fresh look that what was given opens the new epoch do the keys of earlier ones go. */
async function finish(
  ring: Keyring,
  leader: Keyring,
  prepared: KeyBundle,
  left: readonly KeyEntry[],
  { clock }: RotateOptions,
): Promise<string[]> {
  const { store, unlock } = ring;
  const epoch = newestEpoch(prepared);
  // The same object in all stores: a replicator tells objects by their bytes.
  if (!(await readCanary(leader.store, prepared, epoch))) await putCanary(leader.store, prepared, epoch, clock.now());
  if (store !== leader.store) await copyCanary(leader.store, store, epoch);
  const { bundle } = await openBundle(store, unlock, new DamageLog());
  if (bundle.epoch < epoch || !(await readCanary(store, bundle, epoch))) {
    throw new LifeboatError('key.wrong', `what was given does not open epoch ${epoch} of ${store.location}`, {
      where: store.location,
      hint: 'No key was taken away. Look at lifeboat keys list.',
    });
  }
  const kept: string[] = [];
  const keys = (await storedKeys(ring)).map(({ key }) => key);
  for (const key of keys) {
    // Another rotation may have finished at the same time: what goes is older than this epoch, or there is a later one for the same way in.
    const isRepeated = keys.some((one) => wayOf(one) === wayOf(key) && one.epoch === key.epoch && one.id > key.id);
    if (((key.epoch ?? 0) >= epoch && !isRepeated) || left.some(({ id }) => id === key.id)) continue;
    if (await removeKey(store, key.id)) kept.push(key.id);
  }
  return kept;
}
