import { isDamage } from '../damage.ts';
import type { StoredPoint } from '../format/point-object.ts';
import { packName, pointName } from '../names.ts';
import type { Contents } from './contents.ts';
import type { PackReader } from './pack-reader.ts';

/** The packs that a store lacks of a point, where it holds only these (names); the point itself where nobody can tell. */
export async function lacksOf(
  contents: Contents,
  reader: PackReader,
  stored: StoredPoint,
  present: ReadonlySet<string>,
): Promise<string[]> {
  const { table, packs } = reader.catalog;
  const nameOf = (ordinal: number): string => packName(packs[table.packOf(ordinal)]?.id ?? '');
  const isPresent = (ordinal: number): boolean => present.has(nameOf(ordinal));
  const lacking = new Set<string>();
  const look = async (id: Buffer): Promise<void> => {
    if (table.find(id, isPresent) >= 0) return;
    const ordinal = await reader.locate(id);
    lacking.add(ordinal < 0 ? pointName(stored.point.id) : nameOf(ordinal));
  };
  try {
    for await (const id of chunksNeeded(contents, stored)) await look(id);
  } catch (error) {
    if (!isDamage(error)) throw error;
    lacking.add(pointName(stored.point.id));
  }
  return [...lacking];
}

/** The ids of all chunks that a point needs, those of its entry list first; what is shared comes more than once. Throws where the list cannot be read. */
export async function* chunksNeeded(contents: Contents, stored: StoredPoint): AsyncGenerator<Buffer> {
  for (const { id } of stored.list.pieces) yield id;
  for await (const { pieces } of contents.listed()) for (const { id } of pieces) yield id;
}
