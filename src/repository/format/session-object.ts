import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { openDocument, sealDocument } from './seal.ts';
import { decodePlain, encodePlain } from './twins.ts';

/** docs/FORMAT.md, "Sessions": who is at work on a point. */
export interface Session {
  readonly host: string;
  /** The asset that is backed up, or what else is done (`replication`). */
  readonly asset: string;
  readonly started: string;
  readonly pid: number;
  readonly processStart: string;
  /** Ids that the writer will give to its first index objects: what those tell of may be part of a point that is still made. */
  readonly index: readonly string[];
}

export const sealSession = (bundle: KeyBundle, name: string, session: Session): Promise<Buffer> =>
  sealDocument(bundle, 'session', name, randomBytes(16), Buffer.from(JSON.stringify({ format: 1, ...session })));

/** For who has no key, and so makes no index. */
export const plainSession = (session: Omit<Session, 'index'>): Buffer =>
  encodePlain({ lifeboat: 'session', format: 1, ...session });

/**
 * Without a key, sessions of writers that have one give `sealed`.
 * Throws `repository.damaged`, `store.missing`.
 */
export async function readSession(store: Store, bundle: KeyBundle, name: string): Promise<Session>;
export async function readSession(
  store: Store,
  bundle: KeyBundle | undefined,
  name: string,
): Promise<Session | 'sealed'>;
export async function readSession(
  store: Store,
  bundle: KeyBundle | undefined,
  name: string,
): Promise<Session | 'sealed'> {
  const bytes = await store.get(name, { range: { offset: 0, length: limits.headerBytesMax } });
  if (bytes[0] === firstOfPlain) return parsed(plainSchema, decodePlain(bytes, name), name);
  if (bundle === undefined) return 'sealed';
  const document = (await openDocument(bundle, 'session', name, bytes)).toString('utf8');
  return parsed(sealedSchema, jsonOf(document), name);
}

/** `{`: what is sealed begins with a letter. */
const firstOfPlain = 0x7b;

function jsonOf(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    // No schema takes it: whoever reads it is told so.
    return undefined;
  }
}

function parsed(schema: z.ZodType<Session>, value: unknown, name: string): Session {
  const result = schema.safeParse(value);
  if (!result.success) throw damaged(name, 'it is not a session of this format', result.error);
  return result.data;
}

const fields = {
  host: z.string(),
  asset: z.string(),
  started: z.string(),
  pid: z.int().positive(),
  processStart: z.string(),
  // Sessions from before there was a prune announce none.
  index: z
    .array(z.string().regex(/^[0-9a-f]{32}$/))
    .max(limits.announcedIndexObjects)
    .default([]),
};
const sealedSchema = z.object({ format: z.literal(1), ...fields });
const plainSchema = z.object({ lifeboat: z.literal('session'), format: z.literal(1), ...fields });
