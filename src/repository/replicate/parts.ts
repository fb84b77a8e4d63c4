import { isLifeboatError, LifeboatError, silentProgress } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';
import { bytesOf, heldBy, listParts, otherPrefixes, type ListedPointObject, type Parts } from './census.ts';
import type { Copier } from './copier.ts';
import type { ReplicateOptions } from './replicate.ts';

export interface CopiedParts {
  /** Everything that the source showed and still had when it was copied: with its size. */
  readonly expected: ReadonlyMap<string, number>;
  /** Objects that went away at the source in the last look at it: something moved, and nobody looked again. */
  readonly vanished: readonly string[];
}

/** So many looks at the source until it stands still: each takes in only what came since the last. */
const looksMax = 5;

/**
 * Copies packs, then index, then the rest. The source is looked at twice at least: what a prune moved into a new pack while the first list
 * was read shows in the second. Goes on until a look finds nothing gone that was shown before.
 */
export async function copyParts(
  source: Store,
  target: Store,
  copier: Copier,
  options: ReplicateOptions,
  own: readonly ListedPointObject[],
): Promise<CopiedParts> {
  const { progress = silentProgress, signal } = options;
  const held = await heldBy(target, ['packs/', 'index/', ...otherPrefixes], options.distrust);
  const expected = new Map<string, number>();
  for (let look = 1; ; look += 1) {
    const { packs, indexes, others } = await meantParts(source, options, own);
    const fresh = (objects: readonly StoredObject[]): StoredObject[] =>
      objects.filter(({ name }) => !expected.has(name));
    const groups = [fresh(packs), fresh(indexes), fresh(others)];
    const missing = groups.flat().filter(({ name, bytes }) => held.get(name) !== bytes);
    if (missing.length > 0) progress.phase(`copying to ${target.location}`, { bytes: bytesOf(missing) });
    let gone: string[] = [];
    for (const group of groups) {
      for (const { name, bytes } of group) expected.set(name, bytes);
      gone = [...gone, ...(await copier.copyAll(group.filter(({ name, bytes }) => held.get(name) !== bytes)))];
    }
    for (const name of gone) expected.delete(name);
    throwIfStopped(signal);
    if ((look > 1 && gone.length === 0) || look === looksMax) return { expected, vanished: gone };
  }
}

/** Of some points only what those of this batch need: asked anew each time, for a prune may have moved it. */
export async function meantParts(
  source: Store,
  { only, lacks }: ReplicateOptions,
  own: readonly ListedPointObject[],
): Promise<Parts> {
  const all = await listParts(source);
  if (only === undefined) return all;
  if (lacks === undefined)
    throw new LifeboatError('key.missing', 'what single points need is known only with the key', {
      where: source.location,
    });
  const needed = new Set<string>();
  for (const { id } of own) for (const name of await lacks(id, nothing).catch(noneOfUnreadable)) needed.add(name);
  return {
    packs: all.packs.filter(({ name }) => needed.has(name)),
    indexes: [],
    others: all.others.filter(({ name }) => alongWithPoints.some((prefix) => name.startsWith(prefix))),
  };
}

const nothing: ReadonlySet<string> = new Set();

/** A point that went meanwhile, or is harmed, is met again when it is to be shown, and told of there. */
function noneOfUnreadable(error: unknown): readonly string[] {
  if (isDamage(error) || isLifeboatError(error, 'point.missing')) return [];
  throw error;
}

/** What opens and keeps single points; logs and journals are of the whole. */
const alongWithPoints: readonly string[] = ['canary/', 'holds/'];

export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new LifeboatError('operation.cancelled', 'the replication was stopped on request', {
      hint: 'What was copied is kept: run it again to go on.',
    });
  }
}
