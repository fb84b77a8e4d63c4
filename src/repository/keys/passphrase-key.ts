import {
  argon2,
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  type KeyObject as CryptoKey,
} from 'node:crypto';
import { isoTime, type Secret } from '../../core/index.ts';
import { base64, decodeBundle, encodeBundle, fromBase64, type KeyBundle } from './bundle.ts';
import { encodeKeyObject, type KeyHeader, type PassphraseKey } from './key-object.ts';

export interface KeyDerivation {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** RFC 9106, section 4, the second recommended choice: what a small machine can afford in about a second. */
export const defaultKeyDerivation: KeyDerivation = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };

/**
 * The bundle sealed under a passphrase, as the bytes of a key object. A slot (an X25519 key whose private half is sealed with the
 * bundle) goes with it, so that a rotation can hand a later bundle to whoever knows the passphrase without knowing it.
 */
export async function wrapWithPassphrase(
  bundle: KeyBundle,
  header: KeyHeader,
  passphrase: Secret,
  derivation: KeyDerivation,
  nowMs: number,
): Promise<Buffer> {
  const salt = randomBytes(16);
  const slot = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }) as { d: string; x: string };
  const key = await derive(passphrase, salt, derivation);
  const nonce = randomBytes(12);
  const sealed = seal(key, nonce, boundTo(bundle.repository, header.id), encodeBundle(bundle, { slot: slot.d }));
  return encodeKeyObject(bundle, {
    lifeboat: 'key',
    format: 1,
    repository: bundle.repository,
    id: header.id,
    created: isoTime(nowMs),
    kind: 'passphrase',
    ...(header.label === undefined ? {} : { label: header.label }),
    derivation: { name: 'argon2id', ...derivation, salt: base64(salt) },
    nonce: base64(nonce),
    slot: slot.x,
    sealed: base64(sealed),
  });
}

/** The same key for a later bundle, without its passphrase. Undefined for a key that has no slot. */
export function renewPassphraseKey(bundle: KeyBundle, id: string, old: PassphraseKey): Buffer | undefined {
  if (old.slot === undefined) return undefined;
  const ephemeral = generateKeyPairSync('x25519');
  const { x } = ephemeral.publicKey.export({ format: 'jwk' }) as { x: string };
  const key = slotKey(ephemeral.privateKey, publicKeyOf(old.slot), bundle, id);
  const nonce = randomBytes(12);
  const sealed = seal(key, nonce, boundTo(bundle.repository, id), encodeBundle(bundle));
  const { epoch: _epoch, newest: _newest, proof: _proof, ...kept } = old;
  return encodeKeyObject(bundle, {
    ...kept,
    id,
    boundTo: old.boundTo ?? old.id,
    renewed: { ephemeral: x, nonce: base64(nonce), sealed: base64(sealed) },
  });
}

/** Undefined for a wrong passphrase, and for a later bundle that is not the work of who held the first one. */
export async function unwrapPassphrase(object: PassphraseKey, passphrase: Secret): Promise<KeyBundle | undefined> {
  const key = await derive(passphrase, fromBase64(object.derivation.salt), object.derivation);
  const bound = boundTo(object.repository, object.boundTo ?? object.id);
  const first = open(key, object.nonce, bound, object.sealed, object.repository);
  if (first === undefined || object.renewed === undefined) return first;
  const { ephemeral, nonce, sealed } = object.renewed;
  if (first.slot === undefined || object.slot === undefined) return undefined;
  const own = privateKeyOf(first.slot, object.slot);
  const shared = slotKey(own, publicKeyOf(ephemeral), first, object.id);
  return open(shared, nonce, boundTo(object.repository, object.id), sealed, object.repository);
}

function seal(key: Buffer, nonce: Buffer, associated: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associated);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  plain.fill(0);
  return sealed;
}

function open(
  key: Buffer,
  nonce: string,
  associated: Buffer,
  text: string,
  repository: string,
): ReturnType<typeof decodeBundle> {
  const sealed = fromBase64(text);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, fromBase64(nonce), { authTagLength: 16 });
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    const bundle = decodeBundle(plain, repository);
    plain.fill(0);
    return bundle;
  } catch {
    // A tag that does not match is a wrong passphrase: the caller says so when no key opens.
    return undefined;
  }
}

/** The agreed secret alone would let anybody who can write to the store hand us a bundle of theirs; `chunkIdKey` only holders know. */
function slotKey(own: CryptoKey, other: CryptoKey, { chunkIdKey, repository }: KeyBundle, id: string): Buffer {
  const agreed = Buffer.concat([diffieHellman({ privateKey: own, publicKey: other }), chunkIdKey]);
  return Buffer.from(hkdfSync('sha256', agreed, '', `lifeboat/1/renewed/${repository}/${id}`, 32));
}

const publicKeyOf = (x: string): CryptoKey => createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });

const privateKeyOf = (secret: Buffer, x: string): CryptoKey =>
  createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d: base64(secret), x }, format: 'jwk' });

function derive(passphrase: Secret, salt: Buffer, derivation: KeyDerivation): Promise<Buffer> {
  const { memoryKiB: memory, passes, lanes: parallelism } = derivation;
  const message = Buffer.from(passphrase.reveal().normalize('NFC'), 'utf8');
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength: 32 }, (error, key) => {
      message.fill(0);
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

const boundTo = (repository: string, id: string): Buffer => Buffer.from(`lifeboat/1/key/${repository}/${id}`);
