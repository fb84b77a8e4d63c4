import { isoTime, LifeboatError, messageOf, type Secret } from '../../core/index.ts';
import { base64, decodeBundle, encodeBundle, fromBase64, type KeyBundle } from './bundle.ts';
import { encodeKeyObject, type AgeKey, type KeyHeader } from './key-object.ts';

/** The bundle encrypted to all of the recipients: any one of their identities opens it. Throws `input.flag` on a bad recipient. */
export async function wrapWithAge(
  bundle: KeyBundle,
  header: KeyHeader,
  recipients: readonly string[],
  nowMs: number,
): Promise<Buffer> {
  const encrypter = new (await age()).Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw new LifeboatError('input.flag', `"${recipient}" is not an age recipient: ${messageOf(error)}`, {
        hint: 'A recipient starts with age1; make one with `lifeboat keys create`.',
      });
    }
  }
  const sealed = await encrypter.encrypt(encodeBundle(bundle));
  return encodeKeyObject(bundle, {
    lifeboat: 'key',
    format: 1,
    repository: bundle.repository,
    id: header.id,
    created: isoTime(nowMs),
    kind: 'age',
    ...(header.label === undefined ? {} : { label: header.label }),
    recipients: [...recipients],
    ...(header.shares === undefined ? {} : { shares: { ...header.shares } }),
    sealed: base64(sealed),
  });
}

/** Undefined if the identity is of none of the recipients. Throws `key.wrong` for what is no identity. */
export async function unwrapAge(object: AgeKey, identity: Secret): Promise<KeyBundle | undefined> {
  const decrypter = new (await age()).Decrypter();
  try {
    decrypter.addIdentity(identityLine(identity.reveal()));
  } catch {
    // The library's message may hold the identity, so it is not passed on.
    throw new LifeboatError('key.wrong', 'what was given as the identity is not an age identity', {
      hint: 'An identity has one line that starts with AGE-SECRET-KEY-1.',
    });
  }
  try {
    return decodeBundle(await decrypter.decrypt(fromBase64(object.sealed)), object.repository);
  } catch {
    // No stanza for this identity: the caller says so when no key opens.
    return undefined;
  }
}

/** Files of identities, as age-keygen writes them, have comments above the one line that counts. */
const identityLine = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#')) ?? '';

/** Loaded where it is needed: it is a fifth of what a start has to load. */
const age = (): Promise<typeof import('age-encryption')> => import('age-encryption');
