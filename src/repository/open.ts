import { isLifeboatError, isoTime, LifeboatError, timeId, type Clock, type Secret } from '../core/index.ts';
import type { Store } from '../stores/index.ts';
import { DamageLog } from './damage.ts';
import { alreadyThere, isVacant, noteOtherHeaders } from './format/headers.ts';
import { putCanary } from './keys/canary.ts';
import {
  defaultKeyDerivation,
  freshBundle,
  wrapWithAge,
  wrapWithPassphrase,
  type KeyBundle,
  type KeyDerivation,
} from './keys/keys.ts';
import { openBundle } from './keys/open-bundle.ts';
import { removeStrayKeys } from './verify/mend.ts';
import { copyOf, headerName, keyName } from './names.ts';
import { OpenedRepository } from './opened.ts';
import type { CreateRepository, OpenRepository, Recipients, Repository } from './repository.ts';
import { formatVersion } from './format/seal.ts';
import { encodePlain } from './format/twins.ts';

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
  if (passphrasesOf(recipients).length + recipients.age.length === 0) {
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
  await makeCanary(store, bundle, clock);
  await removeStrayKeys(store, bundle.repository, names);
  return new OpenedRepository(store, bundle, clock, new DamageLog());
};
createRepository satisfies CreateRepository;

export const openRepository: OpenRepository = async (store, unlock, clock, { points } = {}) => {
  const log = new DamageLog();
  const { bundle, headers } = await openBundle(store, unlock, log);
  noteOtherHeaders(headers, bundle.repository, log);
  return new OpenedRepository(store, bundle, clock, log, points);
};

const passphrasesOf = ({ passphrase, passphrases = [] }: Recipients): Secret[] => [
  ...(passphrase === undefined ? [] : [passphrase]),
  ...passphrases,
];

async function putKeys(
  store: Store,
  bundle: KeyBundle,
  recipients: Recipients,
  clock: Clock,
  derivation: KeyDerivation,
): Promise<string[]> {
  const objects: { id: string; bytes: Buffer }[] = [];
  for (const passphrase of passphrasesOf(recipients)) {
    const id = timeId(clock.now());
    objects.push({ id, bytes: await wrapWithPassphrase(bundle, { id }, passphrase, derivation, clock.now()) });
  }
  // One object each: a recipient that is taken out later leaves the others as they are.
  for (const recipient of recipients.age) {
    const id = timeId(clock.now());
    objects.push({ id, bytes: await wrapWithAge(bundle, { id }, [recipient], clock.now()) });
  }
  const names = objects.flatMap(({ id }) => [keyName(id), copyOf(keyName(id))]);
  for (const { id, bytes } of objects) {
    await store.put(keyName(id), [bytes], { ifAbsent: true });
    await store.put(copyOf(keyName(id)), [bytes], { ifAbsent: true });
  }
  return names;
}

/** A repository without one is whole: `keys test` reads a point instead, and the next rotation makes its own. */
async function makeCanary(store: Store, bundle: KeyBundle, clock: Clock): Promise<void> {
  try {
    await putCanary(store, bundle, bundle.epoch, clock.now());
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
  }
}

async function requireVacant(store: Store): Promise<void> {
  if (!(await isVacant(store))) throw alreadyThere(store);
}
