import { limits } from '../../core/index.ts';
import type { Catalog } from '../read/catalog.ts';
import type { Census } from './census.ts';

/** What becomes of each pack that is there, by its number. */
export interface Choice {
  readonly kept: readonly number[];
  /** Nothing in them is needed. */
  readonly unneeded: readonly number[];
  /** Condemned before. */
  readonly condemned: readonly number[];
  /** To be written anew without what nobody needs. */
  readonly rewritten: readonly number[];
  /** Hold something unneeded, and are left. */
  readonly partlyUnused: readonly number[];
  readonly busy: readonly number[];
  /** Needed and sealed under an earlier key epoch, whatever becomes of them. */
  readonly outdated: readonly number[];
}

export interface ChoiceOf {
  readonly catalog: Catalog;
  readonly census: Census;
  /** Packs that may belong to a backup that is at work. */
  readonly isBusy: (pack: number) => boolean;
  readonly rewriteBytesMax: number | undefined;
  /** The newest key epoch; with `rekey` what is sealed under an earlier one is written anew. */
  readonly epoch: number;
  readonly rekey: boolean;
}

export function choose({ catalog, census, isBusy, rewriteBytesMax, epoch, rekey }: ChoiceOf): Choice {
  const kept: number[] = [];
  const unneeded: number[] = [];
  const condemned: number[] = [];
  const busy: number[] = [];
  const partly: number[] = [];
  let heldBytes = 0;
  for (const pack of census.present) {
    heldBytes += census.bytesOf(pack);
    if (census.isCondemned(pack)) condemned.push(pack);
    else if (isBusy(pack)) busy.push(pack);
    else if (census.usedBytes(pack) === 0) unneeded.push(pack);
    else if (isWorthwhile(catalog, census, pack)) partly.push(pack);
    else kept.push(pack);
  }
  const most = rewriteBytesMax ?? Math.max(heldBytes * limits.rewriteShareMax, limits.rewriteBytesMin);
  const needed = [...kept, ...partly];
  const outdated = needed.filter((pack) => census.isOlder(pack, epoch));
  const first = rekey ? outdated.filter((pack) => isReadable(catalog, census, pack)) : [];
  const worth = rewritable(catalog, census, partly, condemned, kept);
  const { taken, left } = withinBudget([...new Set([...first, ...worth])], census, most);
  const rewritten = new Set(taken);
  return {
    kept: kept.filter((pack) => !rewritten.has(pack)),
    unneeded,
    condemned: condemned.filter((pack) => !rewritten.has(pack)),
    rewritten: taken,
    partlyUnused: partly.filter((pack) => left.includes(pack)),
    busy,
    outdated,
  };
}

/** Enough of it is unused, and what is needed of it can be read. */
function isWorthwhile(catalog: Catalog, census: Census, pack: number): boolean {
  const sealedBytes = catalog
    .ordinalsOf(pack)
    .reduce((total, ordinal) => total + catalog.table.placeOf(ordinal).sealedBytes, 0);
  const unused = sealedBytes - census.usedBytes(pack);
  return unused >= sealedBytes * limits.unusedShareMin && isReadable(catalog, census, pack);
}

/**
 * In the order in which they are worth it: packs that are condemned and needed all the same (writers cannot count on them), then
 * those of which least is needed; small packs, if there are many, are joined.
 */
function rewritable(
  catalog: Catalog,
  census: Census,
  partly: readonly number[],
  condemned: readonly number[],
  kept: readonly number[],
): number[] {
  const share = (pack: number): number => census.usedBytes(pack) / Math.max(1, census.bytesOf(pack));
  const rescued = condemned.filter((pack) => census.usedBytes(pack) > 0 && isReadable(catalog, census, pack));
  const small = kept.filter(
    (pack) => census.bytesOf(pack) <= limits.smallPackBytes && isReadable(catalog, census, pack),
  );
  return [
    ...rescued,
    ...partly.toSorted((a, b) => share(a) - share(b)),
    ...(small.length >= limits.smallPacksMin ? small : []),
  ];
}

const isReadable = (catalog: Catalog, census: Census, pack: number): boolean =>
  !census.isDistrusted(pack) && !catalog.isFrozen(pack);

export function withinBudget(
  packs: readonly number[],
  census: Census,
  bytesMax: number,
): { taken: number[]; left: number[] } {
  const taken: number[] = [];
  const left: number[] = [];
  let bytes = 0;
  for (const pack of packs) {
    const cost = census.usedBytes(pack);
    if (bytes + cost <= bytesMax) {
      bytes += cost;
      taken.push(pack);
    } else left.push(pack);
  }
  return { taken, left };
}
