import type { Store, StoredObject } from '../../stores/index.ts';
import type { Condemned, CondemnedList } from '../format/condemned-object.ts';
import { objectOfName } from '../names.ts';
import type { PackReader } from '../read/pack-reader.ts';
import type { Bits } from '../bits.ts';
import { Census } from './census.ts';
import { awaitedBy, type CondemnOf } from './condemn.ts';
import type { Needs } from './needs.ts';
import type { Amount, PruneOptions } from './prune-contract.ts';
import { readBackChunks } from './rewrite.ts';
import type { Writers } from './writers.ts';

export interface SentenceOf extends CondemnOf {
  readonly store: Store;
  /** Read after this prune's own packs were condemned. */
  readonly condemned: CondemnedList;
  readonly needs: Needs;
  readonly reader: PackReader;
  /** Chunks that were read back already. */
  readonly good: Bits;
  readonly distrust: ReadonlySet<string>;
  readonly findWriters: () => Promise<Writers>;
  readonly options: PruneOptions;
}

export interface Sentenced {
  readonly deletable: readonly StoredObject[];
  readonly waiting: Amount & { readonly writers: readonly string[] };
  readonly neededAgain: Amount;
}

/**
 * Which condemned packs may be deleted now: those that no writer can count on any more, and of which no point needs a chunk that does
 * not stand, read back, in a pack that nobody has condemned.
 */
export async function sentence(of: SentenceOf): Promise<Sentenced> {
  const { condemned, needs, options } = of;
  const free = await freeOf(of);
  const listed: StoredObject[] = [];
  const { catalog } = of.reader;
  await catalog.refresh();
  for (const object of await catalog.adopt()) listed.push(object);
  // Whoever was awaited has ended: what it made is visible now.
  await needs.readPoints({ ...options, without: undefined });
  const census = new Census({
    catalog,
    listed,
    needed: needs.chunks,
    condemned: condemned.packs,
    distrust: of.distrust,
  });
  const present = listed.filter(({ name }) => condemned.packs.has(objectOfName(name).id));
  const candidates = present.filter(({ name }) => free.packs.has(objectOfName(name).id));
  const deletable = condemned.damage.length > 0 ? [] : await unneededOf(of, census, candidates);
  const waiting = present.filter(({ name }) => !free.packs.has(objectOfName(name).id));
  const neededAgain = candidates.filter((object) => !deletable.includes(object));
  return {
    deletable,
    waiting: { ...amountOf(waiting), writers: [...free.awaited] },
    neededAgain: condemned.damage.length > 0 ? amountOf([]) : amountOf(neededAgain),
  };
}

/** The packs whose condemnation no writer at work may be older than; and the writers that the others wait for. */
async function freeOf(of: SentenceOf): Promise<{ packs: Set<string>; awaited: Set<string> }> {
  const awaitedFor = new Map<Condemned, readonly string[]>();
  for (const one of of.condemned.condemned) {
    awaitedFor.set(one, await awaitedBy(of, one, async () => (await of.findWriters()).open.map(({ id }) => id)));
  }
  const open = new Set((await of.findWriters()).open.map(({ id }) => id));
  const packs = new Set<string>();
  const awaited = new Set<string>();
  for (const [one, sessions] of awaitedFor) {
    const blocking = sessions.filter((id) => open.has(id));
    blocking.forEach((id) => awaited.add(id));
    if (blocking.length === 0) one.packs.forEach((pack) => packs.add(pack));
  }
  return { packs, awaited };
}

async function unneededOf(
  of: SentenceOf,
  census: Census,
  candidates: readonly StoredObject[],
): Promise<StoredObject[]> {
  const { catalog } = of.reader;
  const { table } = catalog;
  const witnesses = new Map<StoredObject, readonly number[]>();
  const unread = new Set<number>();
  for (const object of candidates) {
    const pack = catalog.numberOf(objectOfName(object.name).id);
    // Nobody knows what it holds.
    if (pack === undefined) continue;
    const found = census.neededIn(pack).map((ordinal) => witnessOf(of, census, ordinal));
    if (found.includes(-1)) continue;
    witnesses.set(object, found);
    for (const ordinal of found) if (!of.good.has(ordinal)) unread.add(ordinal);
  }
  const byPack = Map.groupBy(unread, (ordinal) => table.packOf(ordinal));
  await readBackChunks({ ...of, signal: of.options.signal }, byPack, of.good);
  return [...witnesses].filter(([, found]) => found.every((ordinal) => of.good.has(ordinal))).map(([object]) => object);
}

/** Another place of a chunk, in a pack that is there and that nobody has condemned; -1 if there is none. */
function witnessOf({ reader, good }: SentenceOf, census: Census, ordinal: number): number {
  const { table } = reader.catalog;
  const places = census
    .placesOf(ordinal)
    .filter(
      (place) =>
        !census.isCondemned(table.packOf(place)) &&
        !census.isDistrusted(table.packOf(place)) &&
        !reader.catalog.isFrozen(table.packOf(place)),
    );
  return places.find((place) => good.has(place)) ?? places[0] ?? -1;
}

const amountOf = (objects: readonly StoredObject[]): Amount => ({
  packs: objects.length,
  bytes: objects.reduce((total, { bytes }) => total + bytes, 0),
});
