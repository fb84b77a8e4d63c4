import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { LifeboatError, limits, messageOf } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, incomplete } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { pointName } from '../names.ts';
import { fromAny } from '../read/from-any.ts';
import type { Piece } from '../read/pieces.ts';
import type { Point } from '../repository.ts';
import { openDocument, sealDocument } from './seal.ts';
import { isTombstone } from './tombstone.ts';

/** A point as its object holds it: what people see, and where its entry list stands. */
export interface StoredPoint {
  readonly point: Point;
  readonly list: { readonly bytes: number; readonly pieces: readonly Piece[] };
}

export function sealPoint(bundle: KeyBundle, stored: StoredPoint): Promise<Buffer> {
  const { point, list } = stored;
  const pieces = list.pieces.map((piece) => [piece.offset, piece.bytes, piece.id.toString('base64url')]);
  const document = { format: 1, ...point, entries: { bytes: list.bytes, pieces } };
  return sealDocument(bundle, 'point', pointName(point.id), randomBytes(16), Buffer.from(JSON.stringify(document)));
}

/** Throws `repository.damaged`, `repository.version`, `store.missing`, and `point.missing` where the name is only claimed. */
export const readPoint = (store: Store, bundle: KeyBundle, id: string): Promise<StoredPoint> =>
  fromAny(store, pointName(id), () => readHere(store, bundle, id));

async function readHere(store: Store, bundle: KeyBundle, id: string): Promise<StoredPoint> {
  const name = pointName(id);
  const bytes = await store.get(name, { range: { offset: 0, length: limits.documentBytesMax + 1 } });
  if (isTombstone(bytes, id)) throw noSuchPoint(id);
  const document = await openDocument(bundle, 'point', name, bytes);
  const parsed = schema.safeParse(parseJson(document, name));
  if (!parsed.success)
    throw damaged(name, `it is not a point of this format (${parsed.error.issues[0]?.path.join('.')})`);
  const { format: _, entries, ...point } = parsed.data;
  if (point.id !== id) throw damaged(name, `it holds the point ${point.id}`);
  const pieces = entries.pieces.map(([offset, length, key]) => ({
    offset,
    bytes: length,
    id: Buffer.from(key, 'base64url'),
  }));
  let end = 0;
  for (const piece of pieces) {
    if (piece.offset !== end) throw damaged(name, 'its entry list has a gap');
    end += piece.bytes;
  }
  if (end !== entries.bytes) throw incomplete(name, `its entry list has ${end} of ${entries.bytes} bytes`);
  return { point: point as Point, list: { bytes: entries.bytes, pieces } };
}

export const noSuchPoint = (id: string): LifeboatError =>
  new LifeboatError('point.missing', `there is no recovery point ${id}`, {
    where: pointName(id),
    hint: 'List them with `lifeboat points`.',
  });

function parseJson(bytes: Buffer, name: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw damaged(name, `it is not JSON: ${messageOf(error)}`, error);
  }
}

const count = z.int().nonnegative();

const newestSchema = z.looseObject({
  atMs: z.number().optional(),
  token: z.string().optional(),
  count: z.number().optional(),
});

const schema = z.object({
  format: z.literal(1),
  id: z.string(),
  asset: z.string(),
  assetType: z.string(),
  kind: z.string(),
  atMs: z.number(),
  createdMs: z.number(),
  host: z.string(),
  bytes: count,
  files: count,
  storedBytes: count,
  seconds: z.number().nonnegative(),
  planHash: z.string(),
  tool: z.string(),
  facts: z.looseObject({
    atMs: z.number(),
    beganMs: z.number().optional(),
    kind: z.string(),
    source: z.looseObject({ id: z.string(), description: z.string(), bytes: z.number().optional() }),
    facts: z.record(z.string(), z.unknown()),
    newest: newestSchema.optional(),
    warnings: z.array(z.string()),
  }),
  entries: z.object({ bytes: count, pieces: z.array(z.tuple([count, count, z.string().regex(/^[\w-]{43}$/)])) }),
});
