import type { Secret } from '../../core/index.ts';
import { unwrapAge, wrapWithAge } from './age-key.ts';
import type { KeyBundle } from './bundle.ts';
import type { KeyObject } from './key-object.ts';
import { renewPassphraseKey, unwrapPassphrase } from './passphrase-key.ts';

export { wrapWithAge } from './age-key.ts';
export { freshBundle, gearTable, type KeyBundle } from './bundle.ts';
export { decodeKeyObject, type KeyHeader, type KeyObject, type ShareFacts } from './key-object.ts';
export { defaultKeyDerivation, wrapWithPassphrase, type KeyDerivation } from './passphrase-key.ts';

/** The bundle, or `undefined` if this passphrase or identity does not open this key. Throws `key.wrong` for what is no identity. */
export async function unwrap(
  key: KeyObject,
  unlock: { readonly passphrase?: Secret; readonly identity?: Secret },
): Promise<KeyBundle | undefined> {
  if (key.kind === 'passphrase') return unlock.passphrase && (await unwrapPassphrase(key, unlock.passphrase));
  return unlock.identity && (await unwrapAge(key, unlock.identity));
}

/** The key of the same people for a later bundle, under a new id. Undefined for a key of an early version, which only its passphrase renews. */
export async function renew(bundle: KeyBundle, id: string, old: KeyObject, nowMs: number): Promise<Buffer | undefined> {
  if (old.kind === 'passphrase') return renewPassphraseKey(bundle, id, old);
  const { label, shares } = old;
  const header = { id, ...(label === undefined ? {} : { label }), ...(shares === undefined ? {} : { shares }) };
  return wrapWithAge(bundle, header, old.recipients, nowMs);
}
