import { isLifeboatError } from '../../core/index.ts';
import { isDamage } from '../damage.ts';
import { readCondemned } from '../format/condemned-object.ts';
import { isTombstone } from '../format/tombstone.ts';
import { packName } from '../names.ts';
import type { Store } from '../../stores/index.ts';
import { heldBy, type ListedPointObject } from './census.ts';
import type { Copier } from './copier.ts';
import { throwIfStopped, type CopiedParts } from './parts.ts';
import type { ReplicateOptions, Replication } from './replicate.ts';

export interface Publication {
  readonly target: Store;
  readonly copier: Copier;
  /** As the source showed them before its parts were listed; each has its session at the target. */
  readonly points: readonly ListedPointObject[];
  readonly parts: CopiedParts;
  /** Whether the session at the source, which keeps a prune from what was listed, still stands. */
  readonly isReadable: () => Promise<boolean>;
  readonly options: ReplicateOptions;
}

/** Makes the points visible that are whole in the target, oldest first; tells of each other why it waits. */
export async function publish(publication: Publication): Promise<Pick<Replication, 'points' | 'waiting'>> {
  const { copier, options } = publication;
  const points: string[] = [];
  const waiting: { point: string; reason: string }[] = [];
  if (publication.points.length === 0) return { points, waiting };
  const obstacle = await obstaclesOf(publication);
  for (const point of publication.points) {
    throwIfStopped(options.signal);
    // Nothing is written anew for one that can never appear.
    const reason =
      (await claimed(publication.target, point)) ??
      (await obstacle(point.id).catch((error: unknown) => untold(error, point, copier)));
    if (reason === 'gone') continue;
    if (reason !== undefined) {
      waiting.push({ point: point.id, reason });
      continue;
    }
    const outcome = await copier.copy(point);
    if (outcome === 'copied') points.push(point.id);
    if (outcome === 'bad') waiting.push({ point: point.id, reason: itselfBad });
    if (outcome === 'differing')
      waiting.push({ point: point.id, reason: 'the target holds another object under its name' });
  }
  return { points, waiting };
}

const itselfBad = 'its own object is damaged in the source';

/** Nobody can tell what a point needs: it went meanwhile, or is harmed. That keeps no other from being copied. */
async function untold(error: unknown, point: ListedPointObject, copier: Copier): Promise<string> {
  if (!isDamage(error) && !isLifeboatError(error, 'point.missing')) throw error;
  const found = await copier.judge(point);
  return found === 'whole' ? error.message : found === 'bad' ? itselfBad : found;
}

/** A name that a prune took when it ended an earlier copy: nobody may overwrite it. */
async function claimed(target: Store, { name, id }: ListedPointObject): Promise<string | undefined> {
  try {
    return isTombstone(await target.get(name), id)
      ? 'a prune of the target ended an earlier copy and took its name'
      : undefined;
  } catch (error) {
    if (isLifeboatError(error, 'store.missing') || isLifeboatError(error, 'store.io')) return undefined;
    throw error;
  }
}

/** What keeps a point from being visible, if anything does: asked of what the target really holds now, by size. */
async function obstaclesOf(publication: Publication): Promise<(point: string) => Promise<string | undefined>> {
  const { target, parts, options } = publication;
  const [gone] = parts.vanished;
  if (gone !== undefined) return async () => `the source is being pruned: ${gone} went away while it was copied`;
  if (!(await publication.isReadable())) return async () => 'a prune of the source ended this replication';
  const list = await readCondemned(target);
  const [unreadable] = list.damage;
  if (unreadable !== undefined)
    return async () => `${unreadable.object} of the target cannot be read: a prune may delete any pack`;
  const condemned = new Set([...list.packs].map(packName));
  const held = await heldBy(target, ['packs/', 'index/']);
  const isNeeded = (name: string): boolean => name.startsWith('packs/') || name.startsWith('index/');
  const isSafe = ([name, bytes]: readonly [string, number]): boolean =>
    held.get(name) === bytes && !condemned.has(name);
  const unsafe = [...parts.expected].filter(([name]) => isNeeded(name)).filter((one) => !isSafe(one));
  const { lacks } = options;
  const [first] = unsafe[0] ?? [];
  const because = (name: string): string =>
    `${condemned.has(name) ? 'a prune of the target is about to delete' : 'the target has no whole copy of'} ${name}`;
  if (lacks === undefined)
    return async () => (first === undefined ? undefined : `${because(first)}, which it may need`);
  const present = new Set([...parts.expected].filter(isSafe).map(([name]) => name));
  const anew = options.anewIn?.(publication.copier.writing(), options);
  return async (point) => {
    const lacking = await lacks(point, present);
    const isHelped = lacking.length > 0 && lacking.every((name) => condemned.has(name));
    const [missing] = isHelped && anew !== undefined ? await anew(point) : lacking;
    return missing === undefined ? undefined : `${because(missing)}, which it needs`;
  };
}
