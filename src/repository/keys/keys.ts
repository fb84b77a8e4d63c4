import { argon2, createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isoTime, LifeboatError, limits, messageOf, type Secret } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import { decodePlain, encodePlain } from '../format/twins.ts';

/** The secrets of a repository. Chunk ids and cut points must outlive a rotation, or nothing would be found again. */
export interface KeyBundle {
  readonly repository: string;
  /** The epoch that new objects are sealed under. */
  readonly epoch: number;
  readonly masters: ReadonlyMap<number, Buffer>;
  readonly chunkIdKey: Buffer;
  readonly chunkerSeed: Buffer;
}

export interface KeyDerivation {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** RFC 9106, section 4, the second recommended choice: what a small machine can afford in about a second. */
export const defaultKeyDerivation: KeyDerivation = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };

export type KeyObject = z.infer<typeof keySchema>;

export function freshBundle(repository: string): KeyBundle {
  return {
    repository,
    epoch: 1,
    masters: new Map([[1, randomBytes(32)]]),
    chunkIdKey: randomBytes(32),
    chunkerSeed: randomBytes(32),
  };
}

/** The bundle sealed under a passphrase, as the bytes of a key object. */
export async function wrapWithPassphrase(
  bundle: KeyBundle,
  id: string,
  passphrase: Secret,
  derivation: KeyDerivation,
  nowMs: number,
): Promise<Buffer> {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const key = await derive(passphrase, salt, derivation);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(boundTo(bundle.repository, id));
  const sealed = Buffer.concat([cipher.update(encodeBundle(bundle)), cipher.final(), cipher.getAuthTag()]);
  return encodePlain({
    lifeboat: 'key',
    format: 1,
    repository: bundle.repository,
    id,
    created: isoTime(nowMs),
    kind: 'passphrase',
    derivation: { name: 'argon2id', ...derivation, salt: base64(salt) },
    nonce: base64(nonce),
    sealed: base64(sealed),
  } satisfies KeyObject);
}

/** The bundle encrypted to all of the recipients: any one of their identities opens it. Throws `input.flag` on a bad recipient. */
export async function wrapWithAge(
  bundle: KeyBundle,
  id: string,
  recipients: readonly string[],
  nowMs: number,
): Promise<Buffer> {
  const encrypter = new (await age()).Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw new LifeboatError('input.flag', `"${recipient}" is not an age recipient: ${messageOf(error)}`, {
        hint: 'A recipient starts with age1; make one with `age-keygen`.',
      });
    }
  }
  const sealed = await encrypter.encrypt(encodeBundle(bundle));
  return encodePlain({
    lifeboat: 'key',
    format: 1,
    repository: bundle.repository,
    id,
    created: isoTime(nowMs),
    kind: 'age',
    recipients: [...recipients],
    sealed: base64(sealed),
  } satisfies KeyObject);
}

/** Throws `repository.damaged` for anything but a key object of this format, `repository.version` for a later one. */
export function decodeKeyObject(bytes: Buffer, name: string): KeyObject {
  const parsed = keySchema.safeParse(decodePlain(bytes, name));
  if (!parsed.success) throw damaged(name, `it is not a key of this format (${parsed.error.issues[0]?.message})`);
  if (name !== `keys/${parsed.data.id}` && name !== `keys/${parsed.data.id}.copy`) {
    throw damaged(name, `it holds the key ${parsed.data.id}: one object stands in the place of another`);
  }
  return parsed.data;
}

/** The bundle, or `undefined` if this passphrase or identity does not open this key. Throws `key.wrong` for what is no identity. */
export async function unwrap(
  key: KeyObject,
  unlock: { passphrase?: Secret; identity?: Secret },
): Promise<KeyBundle | undefined> {
  if (key.kind === 'passphrase') return unlock.passphrase && (await unwrapPassphrase(key, unlock.passphrase));
  return unlock.identity && (await unwrapAge(key, unlock.identity));
}

async function unwrapPassphrase(
  object: KeyObject & { kind: 'passphrase' },
  passphrase: Secret,
): Promise<KeyBundle | undefined> {
  const key = await derive(passphrase, fromBase64(object.derivation.salt), object.derivation);
  const sealed = fromBase64(object.sealed);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, fromBase64(object.nonce), { authTagLength: 16 });
    decipher.setAAD(boundTo(object.repository, object.id));
    decipher.setAuthTag(sealed.subarray(-16));
    return decodeBundle(Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]), object.repository);
  } catch {
    // A tag that does not match is a wrong passphrase: the caller says so when no key opens.
    return undefined;
  }
}

/** Files of identities, as age-keygen writes them, have comments above the one line that counts. */
const identityLine = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#')) ?? '';

async function unwrapAge(object: KeyObject & { kind: 'age' }, identity: Secret): Promise<KeyBundle | undefined> {
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
    return decodeBundle(Buffer.from(await decrypter.decrypt(fromBase64(object.sealed))), object.repository);
  } catch {
    // No stanza for this identity: the caller says so when no key opens.
    return undefined;
  }
}

function derive(passphrase: Secret, salt: Buffer, derivation: KeyDerivation): Promise<Buffer> {
  const { memoryKiB: memory, passes, lanes: parallelism } = derivation;
  const message = Buffer.from(passphrase.reveal().normalize('NFC'), 'utf8');
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength: 32 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

const boundTo = (repository: string, id: string): Buffer => Buffer.from(`lifeboat/1/key/${repository}/${id}`);

function encodeBundle(bundle: KeyBundle): Buffer {
  return Buffer.from(
    JSON.stringify({
      repository: bundle.repository,
      epoch: bundle.epoch,
      masters: Object.fromEntries([...bundle.masters].map(([epoch, key]) => [epoch, base64(key)])),
      chunkIdKey: base64(bundle.chunkIdKey),
      chunkerSeed: base64(bundle.chunkerSeed),
    }),
  );
}

function decodeBundle(bytes: Buffer, repository: string): KeyBundle | undefined {
  const bundle = bundleSchema.parse(JSON.parse(bytes.toString('utf8')));
  if (bundle.repository !== repository) return undefined;
  return {
    repository,
    epoch: bundle.epoch,
    masters: new Map(Object.entries(bundle.masters).map(([epoch, key]) => [Number(epoch), fromBase64(key)])),
    chunkIdKey: fromBase64(bundle.chunkIdKey),
    chunkerSeed: fromBase64(bundle.chunkerSeed),
  };
}

/** The gear table of the content chunker: 256 numbers that only holders of the key know, so that cuts tell nothing. */
export function gearTable(bundle: KeyBundle): Uint32Array {
  const bytes = Buffer.from(hkdfSync('sha256', bundle.chunkerSeed, '', 'lifeboat/1/gear', 1024));
  return Uint32Array.from({ length: 256 }, (_, i) => bytes.readUInt32BE(i * 4));
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64url');

const base64Text = z.string().regex(/^[\w-]+$/);
const key32 = base64Text.length(43);

const bundleSchema = z.object({
  repository: z.string(),
  epoch: z.int().min(1),
  masters: z.record(z.string().regex(/^[1-9]\d*$/), key32),
  chunkIdKey: key32,
  chunkerSeed: key32,
});

const keyFields = {
  lifeboat: z.literal('key'),
  format: z.literal(1),
  repository: z.string(),
  id: z.string(),
  created: z.string(),
  sealed: base64Text,
};

const keySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...keyFields,
    kind: z.literal('passphrase'),
    derivation: z
      .strictObject({
        name: z.literal('argon2id'),
        memoryKiB: z.int().min(8).max(limits.keyDerivationMemoryKiBMax),
        passes: z.int().min(1).max(limits.keyDerivationPassesMax),
        lanes: z.int().min(1).max(64),
        salt: base64Text.length(22),
      })
      // RFC 9106, section 3.1: less is no Argon2.
      .refine(({ memoryKiB, lanes }) => memoryKiB >= 8 * lanes, 'its memory is too little for its lanes'),
    nonce: base64Text.length(16),
  }),
  z.strictObject({ ...keyFields, kind: z.literal('age'), recipients: z.array(z.string()) }),
]);

/** Loaded where it is needed: it is a fifth of what a start has to load. */
const age = (): Promise<typeof import('age-encryption')> => import('age-encryption');
