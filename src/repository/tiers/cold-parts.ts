import type { Store, StoredObject } from '../../stores/index.ts';
import { DamageLog, isDamage } from '../damage.ts';
import { readPoint } from '../format/point-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { packName } from '../names.ts';
import { Catalog } from '../read/catalog.ts';
import { Contents } from '../read/contents.ts';
import { lacksOf } from '../read/lacks.ts';
import { PackReader } from '../read/pack-reader.ts';
import type { Point } from '../repository.ts';
import { coldness } from './coldness.ts';
import type { ColdPart } from './cool-contract.ts';

/**
 * What each of these points needs of packs in cold classes. Entry lists never lie there, so that this can be told without a thaw; where one
 * cannot be read all the same, the packs that it stands in are what is told of its point.
 */
export async function coldPartsOf(
  store: Store,
  bundle: KeyBundle,
  points: readonly Point[],
  signal?: AbortSignal,
): Promise<Map<string, ColdPart>> {
  const found = new Map<string, ColdPart>();
  if (store.thawState === undefined || points.length === 0) return found;
  const listed = await Array.fromAsync(store.list('packs/'));
  const cold = new Map(listed.flatMap((one) => (one.storageClass === undefined ? [] : [[one.name, one] as const])));
  if (cold.size === 0) return found;
  const warm = new Set(listed.flatMap(({ name }) => (cold.has(name) ? [] : [name])));
  const log = new DamageLog();
  const catalog = new Catalog(store, bundle, log);
  await catalog.refresh();
  await catalog.adopt();
  const reader = new PackReader(store, bundle, catalog, log);
  for (const { id } of points) {
    signal?.throwIfAborted();
    const names = await neededBeside(store, bundle, reader, id, { warm, cold, signal });
    const part = partOf(names.flatMap((name) => cold.get(name) ?? []));
    if (part !== undefined) found.set(id, part);
  }
  return found;
}

interface Beside {
  readonly warm: ReadonlySet<string>;
  readonly cold: ReadonlyMap<string, StoredObject>;
  readonly signal: AbortSignal | undefined;
}

async function neededBeside(
  store: Store,
  bundle: KeyBundle,
  reader: PackReader,
  id: string,
  { warm, cold, signal }: Beside,
): Promise<string[]> {
  try {
    const stored = await readPoint(store, bundle, id);
    const { catalog } = reader;
    const lists = stored.list.pieces.flatMap((piece) => {
      const at = catalog.find(piece.id);
      return at < 0 ? [] : [packName(catalog.packs[catalog.table.packOf(at)]?.id ?? '')];
    });
    if (lists.some((name) => cold.get(name)?.frozen === true)) return [...new Set(lists)];
    const contents = new Contents({ reader, stored, log: new DamageLog(), signal });
    return await lacksOf(contents, reader, stored, warm);
  } catch (error) {
    // What is damaged is for whoever restores or verifies it to say.
    if (isDamage(error)) return [];
    throw error;
  }
}

function partOf(objects: readonly StoredObject[]): ColdPart | undefined {
  if (objects.length === 0) return undefined;
  const classes = [...new Set(objects.map(({ storageClass }) => storageClass ?? ''))];
  return {
    classes: classes.toSorted((a, b) => coldness(a) - coldness(b)),
    frozen: objects.filter(({ frozen }) => frozen === true).map(({ name }) => name),
    bytes: objects.reduce((total, { bytes }) => total + bytes, 0),
  };
}
