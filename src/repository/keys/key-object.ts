import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { limits } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import { decodePlain, encodePlain } from '../format/twins.ts';
import { base64, base64Text, fromBase64, key32, newestEpoch, vouchFor, type KeyBundle } from './bundle.ts';

/** docs/FORMAT.md, "Keys": what stands in a key object for everybody to read. */
export type KeyObject = z.infer<typeof keySchema>;
export type PassphraseKey = KeyObject & { kind: 'passphrase' };
export type AgeKey = KeyObject & { kind: 'age' };

/** What a key object says beside the wrapped secret. */
export interface KeyHeader {
  readonly id: string;
  /** For people: whose it is. Anybody who reads the store can see it. */
  readonly label?: string;
  readonly shares?: ShareFacts;
}

/** The identity of this key was split, and nobody has it whole. */
export interface ShareFacts {
  readonly of: number;
  readonly needed: number;
  readonly holders: readonly string[];
  /** Names the identity that was split, 10 hex digits: each sheet carries it. */
  readonly set: string;
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

/** The bytes of a key object, vouched for by the bundle that it wraps. */
export function encodeKeyObject(bundle: KeyBundle, fields: Readonly<Record<string, unknown>>): Buffer {
  const object = { ...fields, epoch: bundle.epoch, newest: newestEpoch(bundle) };
  const proof = vouchFor(bundle, newestEpoch(bundle), JSON.stringify(object));
  return encodePlain({ ...object, proof: base64(proof ?? Buffer.alloc(32)) });
}

/**
 * Whether a holder of the bundle wrote this object as it stands. Its recipients are plain text: a rotation that took them from
 * an object that anybody could have put there would hand the new key to anybody.
 */
export function isVouchedFor(bundle: KeyBundle, bytes: Buffer, name: string): boolean {
  const { proof, ...object } = decodePlain(bytes, name) as { proof?: unknown; newest?: unknown };
  if (typeof proof !== 'string' || typeof object.newest !== 'number') return false;
  const expected = vouchFor(bundle, object.newest, JSON.stringify(object));
  const given = fromBase64(proof);
  return expected !== undefined && given.length === expected.length && timingSafeEqual(given, expected);
}

const keyFields = {
  lifeboat: z.literal('key'),
  format: z.literal(1),
  repository: z.string(),
  id: z.string(),
  created: z.string(),
  label: z.string().max(limits.keyLabelCharactersMax).optional(),
  sealed: base64Text,
  epoch: z.int().min(1).optional(),
  newest: z.int().min(1).optional(),
  proof: key32.optional(),
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
    boundTo: z.string().optional(),
    slot: key32.optional(),
    renewed: z.strictObject({ ephemeral: key32, nonce: base64Text.length(16), sealed: base64Text }).optional(),
  }),
  z.strictObject({
    ...keyFields,
    kind: z.literal('age'),
    recipients: z.array(z.string()),
    shares: z
      .strictObject({
        of: z.int().min(2).max(255),
        needed: z.int().min(2).max(255),
        holders: z.array(z.string().max(limits.keyLabelCharactersMax)),
        set: z.string().regex(/^[0-9a-f]{10}$/),
      })
      .optional(),
  }),
]);
