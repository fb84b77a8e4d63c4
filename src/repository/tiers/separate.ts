import { limits, silentProgress, type Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { Bits } from '../bits.ts';
import { withinBudget } from '../prune/choose.ts';
import { condemn } from '../prune/condemn.ts';
import { readBackChunks, rewrite } from '../prune/rewrite.ts';
import type { PackReader } from '../read/pack-reader.ts';
import { coldness } from './coldness.ts';
import type { CoolOptions, CoolResult } from './cool-contract.ts';
import type { Judged } from './temperature.ts';

interface Parts {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly reader: PackReader;
  readonly clock: Clock;
  readonly judged: Judged;
}

export interface Mixed {
  /** Packs to be written anew, cold and other content apart. */
  readonly taken: readonly number[];
  readonly movedBytes: number;
  readonly left: CoolResult['mixed'];
}

/** Packs that hold cold content beside what must stay readable, where enough of them is cold. */
export function chooseMixed({ judged, reader, rewriteBytesMax }: Omit<Parts, 'clock'> & Budget): Mixed {
  const { census, levels, classOf } = judged;
  const warmest = levels.at(-1);
  const nothing = { taken: [], movedBytes: 0, left: { packs: 0, bytes: 0, coldBytes: 0 } };
  if (warmest === undefined) return nothing;
  const coldBytesOf = (pack: number): number => census.usedBytes(pack) - warmest.census.usedBytes(pack);
  let heldBytes = 0;
  const mixed: number[] = [];
  for (const pack of census.present) {
    heldBytes += census.bytesOf(pack);
    const isFixed = census.isCondemned(pack) || census.isDistrusted(pack) || reader.catalog.isFrozen(pack);
    if (isFixed || coldness(classOf(pack)) >= warmest.coldness || warmest.census.usedBytes(pack) === 0) continue;
    if (coldBytesOf(pack) > 0) mixed.push(pack);
  }
  const worth = mixed.filter((pack) => coldBytesOf(pack) >= census.bytesOf(pack) * limits.unusedShareMin);
  const sum = (packs: readonly number[], of: (pack: number) => number): number =>
    packs.reduce((total, pack) => total + of(pack), 0);
  const most = rewriteBytesMax ?? Math.max(heldBytes * limits.rewriteShareMax, limits.rewriteBytesMin);
  const chosen = withinBudget(
    worth.toSorted((a, b) => coldBytesOf(b) - coldBytesOf(a)),
    census,
    most,
  ).taken;
  // What is cold of all of them together fills at least one pack that may move.
  const taken = sum(chosen, coldBytesOf) >= limits.coldPackBytesMin ? chosen : [];
  const left = mixed.filter((pack) => !taken.includes(pack));
  return {
    taken,
    movedBytes: sum(taken, (pack) => census.usedBytes(pack)),
    left: { packs: left.length, bytes: sum(left, (pack) => census.bytesOf(pack)), coldBytes: sum(left, coldBytesOf) },
  };
}

interface Budget {
  readonly rewriteBytesMax: number | undefined;
}

/**
 * Writes what is needed of these packs into new ones, what is cold apart from what is not, reads it back, and condemns the old ones, which
 * the next prune deletes: as a prune does that moves what is needed, in the same order, and as safe.
 */
export async function separate(
  { options, ...parts }: Parts & { options: CoolOptions },
  packs: readonly number[],
): Promise<CoolResult['separated']> {
  const { reader, judged } = parts;
  const { catalog } = reader;
  const { progress = silentProgress, signal } = options;
  const bytes = packs.reduce((total, pack) => total + judged.census.usedBytes(pack), 0);
  if (packs.length > 0) progress.phase('separate', { bytes });
  const good = new Bits();
  for (const chunks of groupsOf(parts, packs)) {
    const written = await rewrite({ ...parts, signal, progress }, chunks);
    await catalog.refresh();
    const fresh = written.flatMap((id) => catalog.numberOf(id) ?? []);
    await readBackChunks({ ...parts, signal }, new Map(fresh.map((pack) => [pack, catalog.ordinalsOf(pack)])), good);
  }
  const isMoved = (pack: number): boolean =>
    judged.census
      .neededIn(pack)
      .every((ordinal) => catalog.table.find(catalog.table.idOf(ordinal), (place) => good.has(place)) >= 0);
  const moved = packs.filter(isMoved);
  await condemn(
    parts,
    moved.map((pack) => catalog.packs[pack]?.id ?? ''),
  );
  return {
    packs: moved.length,
    bytes: moved.reduce((total, pack) => total + judged.census.bytesOf(pack), 0),
    movedBytes: moved.reduce((total, pack) => total + judged.census.usedBytes(pack), 0),
  };
}

/** The needed chunks by the class that they are due in, each once; by pack, so that those of one point stay neighbours. */
function groupsOf({ reader, judged }: Parts, packs: readonly number[]): Map<number, number[]>[] {
  const { table } = reader.catalog;
  const groups = new Map<string, Map<number, number[]>>();
  const seen = new Bits();
  for (const pack of packs) {
    for (const ordinal of judged.census.neededIn(pack)) {
      const first = table.find(table.idOf(ordinal));
      if (seen.has(first)) continue;
      seen.add(first);
      const name = judged.levels.find(({ warm }) => !warm.has(first))?.class ?? '';
      const group = groups.get(name) ?? new Map<number, number[]>();
      groups.set(name, group.set(pack, [...(group.get(pack) ?? []), ordinal]));
    }
  }
  return [...groups.values()];
}
