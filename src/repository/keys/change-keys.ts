import { LifeboatError, type Clock, type Secret } from '../../core/index.ts';
import type { KeyBundle } from './bundle.ts';
import { freshKeyId, keysOf, putKey, removeKey, type KeyEntry, type Keyring } from './keyring.ts';
import { wrapWithAge, wrapWithPassphrase, type KeyDerivation, type ShareFacts } from './keys.ts';
import { defaultKeyDerivation } from './passphrase-key.ts';
import { isLater } from './open-bundle.ts';

/** Who shall be able to open the repository from now on. */
export interface NewKey {
  readonly label?: string;
  readonly passphrase?: Secret;
  readonly recipients?: readonly string[];
  readonly shares?: ShareFacts;
  /** Cheaper than the default only for tests. */
  readonly derivation?: KeyDerivation;
}

/** What happened in one store. */
export interface StoreChange {
  readonly location: string;
  /** Why it was left as it was. */
  readonly error?: LifeboatError;
  /** Keys that the store would not let go. */
  readonly kept: readonly string[];
}

/** The newest bundle among stores of one repository. */
export const newestBundle = (rings: readonly Keyring[]): KeyBundle =>
  rings.map(({ bundle }) => bundle).reduce((best, bundle) => (isLater(bundle, best) ? bundle : best));

/**
 * Wraps the repository’s key for one more recipient and puts the same object into all of these stores of one repository, the
 * first of which must take it. Throws `input.exists` for a recipient that has a key already.
 */
export async function addKey(
  rings: readonly Keyring[],
  key: NewKey,
  clock: Clock,
): Promise<{ id: string; stores: StoreChange[] }> {
  await requireNew(rings[0] as Keyring, key);
  const bundle = newestBundle(rings);
  const id = freshKeyId(clock);
  const header = {
    id,
    ...(key.label === undefined ? {} : { label: key.label }),
    ...(key.shares === undefined ? {} : { shares: key.shares }),
  };
  const bytes =
    key.passphrase === undefined
      ? await wrapWithAge(bundle, header, key.recipients ?? [], clock.now())
      : await wrapWithPassphrase(bundle, header, key.passphrase, key.derivation ?? defaultKeyDerivation, clock.now());
  return { id, stores: await inEach(rings, async ({ store }) => (await putKey(store, id, bytes), [])) };
}

async function requireNew(ring: Keyring, { recipients = [] }: NewKey): Promise<void> {
  const known = (await keysOf(ring)).find((entry) => entry.recipients.some((one) => recipients.includes(one)));
  if (known === undefined) return;
  throw new LifeboatError(
    'input.exists',
    `the key ${known.id} opens ${ring.store.location} for that recipient already`,
    {
      hint: 'lifeboat keys list shows who can open what.',
    },
  );
}

/**
 * Takes a key out of these stores of one repository. In each of them another one must just have been opened by what was given;
 * else `key.last`, and nothing is changed anywhere. Of a key for several recipients, one may be named: the others keep theirs.
 */
export async function takeKeyOut(
  rings: readonly Keyring[],
  which: string,
  clock: Clock,
): Promise<{ removed: KeyEntry; replacedBy: string | undefined; stores: StoreChange[] }> {
  const [first] = rings as [Keyring, ...Keyring[]];
  const removed = findKey(await keysOf(first), which, first);
  const rest = removed.recipients.filter((one) => one !== which);
  const splits = removed.recipients.includes(which) && rest.length > 0;
  for (const ring of rings) await requireOtherKey(ring, removed.id);
  let replacement: { id: string; bytes: Buffer } | undefined;
  if (splits) {
    const id = freshKeyId(clock);
    const header = { id, ...(removed.label === undefined ? {} : { label: removed.label }) };
    replacement = { id, bytes: await wrapWithAge(newestBundle(rings), header, rest, clock.now()) };
  }
  const stores = await inEach(rings, async ({ store }) => {
    if (replacement !== undefined) await putKey(store, replacement.id, replacement.bytes);
    return (await removeKey(store, removed.id)) ? [removed.id] : [];
  });
  return { removed, replacedBy: replacement?.id, stores };
}

function findKey(entries: readonly KeyEntry[], which: string, ring: Keyring): KeyEntry {
  const found = entries.filter(
    ({ id, label, recipients }) => id === which || label === which || recipients.includes(which),
  );
  if (found.length === 1) return found[0] as KeyEntry;
  const what = found.length === 0 ? 'holds no key' : `holds ${found.length} keys`;
  throw new LifeboatError('key.missing', `${ring.store.location} ${what} named ${JSON.stringify(which)}`, {
    hint: 'Name its id; lifeboat keys list shows them.',
  });
}

async function requireOtherKey(ring: Keyring, id: string): Promise<void> {
  const others = (await keysOf(ring, { prove: true })).filter((entry) => entry.opens && entry.id !== id);
  if (others.length > 0) return;
  throw new LifeboatError('key.last', `what was given opens ${ring.store.location} by the key ${id} alone`, {
    where: ring.store.location,
    hint: 'Prove that another key works: give it with --key FILE, and do it again. Nothing was changed.',
  });
}

/** The first store must take the change; another that does not is named, and is behind. */
export async function inEach(
  rings: readonly Keyring[],
  change: (ring: Keyring) => Promise<readonly string[]>,
): Promise<StoreChange[]> {
  const done: StoreChange[] = [];
  for (const ring of rings) {
    const { location } = ring.store;
    try {
      done.push({ location, kept: await change(ring) });
    } catch (error) {
      if (done.length === 0 || !(error instanceof LifeboatError)) throw error;
      done.push({ location, kept: [], error });
    }
  }
  return done;
}
