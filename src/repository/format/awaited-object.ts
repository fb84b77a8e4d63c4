import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isTimeId, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { awaitedName } from '../names.ts';
import { openDocument, sealDocument } from './seal.ts';

/** docs/FORMAT.md, "Condemned packs": the sessions that may be older than a condemnation. */
export const sealAwaited = (bundle: KeyBundle, id: string, sessions: readonly string[]): Promise<Buffer> =>
  sealDocument(
    bundle,
    'awaited',
    awaitedName(id),
    randomBytes(16),
    Buffer.from(JSON.stringify({ format: 1, sessions })),
  );

/** Throws `repository.damaged`, `store.missing`. */
export async function readAwaited(store: Store, bundle: KeyBundle, id: string): Promise<readonly string[]> {
  const name = awaitedName(id);
  const bytes = await store.get(name, { range: { offset: 0, length: limits.condemnedBytesMax } });
  const document = (await openDocument(bundle, 'awaited', name, bytes)).toString('utf8');
  try {
    return schema.parse(JSON.parse(document)).sessions;
  } catch (error) {
    throw damaged(name, 'it is not a list of sessions of this format', error);
  }
}

const schema = z.object({ format: z.literal(1), sessions: z.array(z.string().refine(isTimeId)) });
