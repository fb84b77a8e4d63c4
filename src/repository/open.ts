import { isLifeboatError, isoTime, LifeboatError, timeId, type Clock } from '../core/index.ts';
import type { Store } from '../stores/index.ts';
import { damaged, DamageLog } from './damage.ts';
import { isVacant, noteOtherHeaders, readHeaders, readKeys, type Header } from './format/headers.ts';
import {
  defaultKeyDerivation,
  freshBundle,
  unwrap,
  wrapWithAge,
  wrapWithPassphrase,
  type KeyBundle,
  type KeyDerivation,
  type KeyObject,
} from './keys/keys.ts';
import { removeStrayKeys } from './verify/mend.ts';
import { copyOf, headerName, keyName } from './names.ts';
import { OpenedRepository } from './opened.ts';
import type { CreateRepository, Damage, OpenRepository, Recipients, Repository, Unlock } from './repository.ts';
import { formatVersion } from './format/seal.ts';
import { encodePlain, type Twin } from './format/twins.ts';

export interface CreateOptions {
  /** Cheaper than the default only for tests. */
  readonly derivation?: KeyDerivation;
}

/**
 * Makes a repository: its keys first, its header last and only if there is none, so that of two makers one wins and half a
 * repository is none.
 */
export const createRepository = async (
  store: Store,
  recipients: Recipients,
  clock: Clock,
  options: CreateOptions = {},
): Promise<Repository> => {
  if (recipients.passphrase === undefined && recipients.age.length === 0) {
    throw new LifeboatError('key.missing', 'a repository needs a passphrase or a recipient that can open it', {
      hint: 'Declare one below `keys:` in the plan.',
    });
  }
  await requireVacant(store);
  const bundle = freshBundle(timeId(clock.now()));
  const names = await putKeys(store, bundle, recipients, clock, options.derivation ?? defaultKeyDerivation);
  const header = encodePlain({
    lifeboat: 'repository',
    format: formatVersion,
    id: bundle.repository,
    created: isoTime(clock.now()),
  });
  try {
    await store.put(headerName, [header], { ifAbsent: true });
  } catch (error) {
    if (!isLifeboatError(error, 'store.exists')) throw error;
    for (const name of names) await store.remove(name);
    throw alreadyThere(store, error);
  }
  await store.put(copyOf(headerName), [header]);
  await removeStrayKeys(store, bundle.repository, names);
  return new OpenedRepository(store, bundle, clock, new DamageLog());
};
createRepository satisfies CreateRepository;

export const openRepository: OpenRepository = async (store, unlock, clock) => {
  const log = new DamageLog();
  const headers = await readHeaders(store, log);
  if (unlock.passphrase === undefined && unlock.identity === undefined) {
    throw new LifeboatError('key.missing', `neither a passphrase nor an identity was given for ${store.location}`);
  }
  const keys = await readKeys(store, log);
  for (const { value } of headers) {
    const bundle = await unlockWith(keys, value.id, unlock);
    if (bundle === undefined) continue;
    noteOtherHeaders(headers, value.id, log);
    return new OpenedRepository(store, bundle, clock, log);
  }
  throw noKeyOpens(store, keys, headers, log);
};

async function unlockWith(
  keys: readonly KeyObject[],
  repository: string,
  unlock: Unlock,
): Promise<KeyBundle | undefined> {
  for (const key of keys) {
    if (key.repository !== repository) continue;
    const bundle = await unwrap(key, unlock);
    if (bundle !== undefined) return bundle;
  }
  return undefined;
}

function noKeyOpens(
  store: Store,
  keys: readonly KeyObject[],
  headers: readonly Twin<Header>[],
  log: DamageLog,
): LifeboatError {
  const own = keys.filter((key) => headers.some(({ value }) => value.id === key.repository));
  const bad = log.list().filter((one: Damage) => one.kind === 'key');
  if (own.length > 0) {
    const kinds = [...new Set(own.map((key) => (key.kind === 'age' ? 'an age identity' : 'a passphrase')))].join(
      ' or ',
    );
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

async function putKeys(
  store: Store,
  bundle: KeyBundle,
  recipients: Recipients,
  clock: Clock,
  derivation: KeyDerivation,
): Promise<string[]> {
  const objects: { id: string; bytes: Buffer }[] = [];
  if (recipients.passphrase !== undefined) {
    const id = timeId(clock.now());
    objects.push({ id, bytes: await wrapWithPassphrase(bundle, id, recipients.passphrase, derivation, clock.now()) });
  }
  if (recipients.age.length > 0) {
    const id = timeId(clock.now());
    objects.push({ id, bytes: await wrapWithAge(bundle, id, recipients.age, clock.now()) });
  }
  const names = objects.flatMap(({ id }) => [keyName(id), copyOf(keyName(id))]);
  for (const { id, bytes } of objects) {
    await store.put(keyName(id), [bytes], { ifAbsent: true });
    await store.put(copyOf(keyName(id)), [bytes], { ifAbsent: true });
  }
  return names;
}

async function requireVacant(store: Store): Promise<void> {
  if (!(await isVacant(store))) throw alreadyThere(store);
}

const alreadyThere = (store: Store, cause?: unknown): LifeboatError =>
  new LifeboatError('repository.exists', `${store.location} already holds a repository`, {
    where: store.location,
    hint: 'Use it, or name another place.',
    cause,
  });
