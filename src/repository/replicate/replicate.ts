import { isLifeboatError, limits, timeId, type Clock, type Progress } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { sessionName } from '../names.ts';
import type { BringAnew, Damage } from '../repository.ts';
import { closeSession, openPlainSession } from '../write/sessions.ts';
import { bytesOf, heldBy, listPoints, otherPrefixes, type ListedPointObject } from './census.ts';
import { Copier } from './copier.ts';
import { copyParts, meantParts } from './parts.ts';
import { publish } from './publish.ts';
import { requireSameRepository } from './seed.ts';

export interface ReplicateOptions {
  readonly clock: Clock;
  readonly host: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /** No more bytes than this are copied a second; default: as fast as it goes. */
  readonly bytesPerSecond?: number;
  /** Objects of the target that were found damaged: compared, and written anew where they are, though they have the size that they should. */
  readonly distrust?: ReadonlySet<string>;
  /** Points that shall not come: they were there and were forgotten on purpose. */
  readonly skip?: ReadonlySet<string>;
  /**
   * Only these points (ids) and the packs that they need; no index (what comes is in none, and a reader finds it by its own trailer), no logs and no journals.
   * Needs `lacks`.
   */
  readonly only?: ReadonlySet<string>;
  /**
   * Only with the key: the packs whose lack keeps a point from being whole where only the packs of `present` (names) are. Without it nobody
   * knows what a point needs, and one pack that cannot be copied keeps every new point waiting.
   */
  readonly lacks?: (point: string, present: ReadonlySet<string>) => Promise<readonly string[]>;
  /**
   * Only with the key: writes anew in the target what a point needs of packs that a prune is about to delete there; says what it lacks even then, as `lacks`
   * does. Without it such a point waits until that prune is done.
   */
  readonly anewIn?: (
    target: Store,
    options: { readonly signal?: AbortSignal; readonly progress?: Progress },
  ) => BringAnew;
}
export interface Replication {
  readonly repository: string;
  /** The target held nothing, and is a store of this repository now. */
  readonly isNew: boolean;
  /** What was copied, points included; of a plan: what would be. */
  readonly objects: number;
  readonly bytes: number;
  /** Points that became visible in the target, oldest first. */
  readonly points: readonly string[];
  /** Points that are not there yet, with the reason: the next run takes them up again. */
  readonly waiting: readonly { readonly point: string; readonly reason: string }[];
  /** Objects of the source that are not as they were written, and were not copied. */
  readonly damage: readonly Damage[];
  /** Objects of the target that were not whole and are now. */
  readonly mended: readonly string[];
  /** Objects of the target that are whole and other than those of the source: left as they are. */
  readonly differing: readonly string[];
}

/**
 * Copies what a store holds to another, sealed as it is: no key is needed. Every object is judged by the hash at its end on the way, and nothing
 * that is whole is overwritten. A point appears in the target only when everything that the source held when the point was listed is
 * durable there (docs/FORMAT.md, 10.1). May be stopped, killed and repeated at any time.
 * Throws `repository.missing`, `repository.foreign`, `repository.damaged` (no header is whole), `operation.cancelled`, and what the stores throw.
 */
export async function replicate(source: Store, target: Store, options: ReplicateOptions): Promise<Replication> {
  const { repository, isNew } = await requireSameRepository(source, target, false);
  const reading = await openAtSource(source, options);
  try {
    // Before anything else: a point that is made later may need what the listings below do not show.
    const coming = await comingPoints(source, target, options);
    const copier = new Copier(source, target, options);
    const points: string[] = [];
    const waiting: { point: string; reason: string }[] = [];
    for (const batch of batchesOf(coming, target.atomicCreate ? limits.pointsReplicatedAtOnce : 1)) {
      await inSessions(target, batch, options, async (own, busy) => {
        const parts = await copyParts(source, target, copier, options, own);
        const isReadable = async (): Promise<boolean> => reading === undefined || (await stands(source, reading));
        const published = await publish({ target, copier, points: own, parts, isReadable, options });
        points.push(...published.points);
        waiting.push(...busy, ...published.waiting);
      });
    }
    return { repository, isNew, ...copier.report(), points, waiting };
  } finally {
    if (reading !== undefined) await closeQuietly(source, reading);
  }
}

/** What `replicate` would copy now; changes nothing. Throws what it throws before its first write. */
export async function planReplication(source: Store, target: Store, options: ReplicateOptions): Promise<Replication> {
  const { repository, isNew } = await requireSameRepository(source, target, true);
  const coming = await comingPoints(source, target, options);
  const { packs, indexes, others } = await meantParts(source, options, coming);
  const held = await heldBy(target, ['packs/', 'index/', ...otherPrefixes], options.distrust);
  const work = [...[...packs, ...indexes, ...others].filter(({ name, bytes }) => held.get(name) !== bytes), ...coming];
  const points = coming.map(({ id }) => id);
  const nothing = { waiting: [], damage: [], mended: [], differing: [] };
  return { repository, isNew, objects: work.length, bytes: bytesOf(work), points, ...nothing };
}

/** One of the same name and another size counts as missing: it may be half an object. */
async function comingPoints(
  source: Store,
  target: Store,
  { skip, only }: ReplicateOptions,
): Promise<ListedPointObject[]> {
  const there = await heldBy(target, ['points/']);
  const isMeant = (id: string): boolean => skip?.has(id) !== true && only?.has(id) !== false;
  return listPoints(source, ({ name, id, bytes }) => there.get(name) !== bytes && isMeant(id));
}

/** At least one batch: packs come along without points, too. */
const batchesOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.max(1, Math.ceil(items.length / size)) }, (_, i) => items.slice(i * size, (i + 1) * size));

/**
 * Each point that is copied has its session at the target before anything there is counted as present: a prune leaves alone what it
 * condemns from then on, or claims the name of the point, which can then not appear any more.
 */
async function inSessions(
  target: Store,
  points: readonly ListedPointObject[],
  options: ReplicateOptions,
  work: (own: readonly ListedPointObject[], busy: readonly { point: string; reason: string }[]) => Promise<void>,
): Promise<void> {
  const own: ListedPointObject[] = [];
  const busy: { point: string; reason: string }[] = [];
  try {
    for (const point of points) {
      try {
        await openOn(target, point.id, options);
        own.push(point);
      } catch (error) {
        const isTaken = isLifeboatError(error, 'store.busy');
        // Half opened: left like that, it would keep the next run of this process out.
        if (!isTaken) await closeQuietly(target, point.id);
        if (!isTaken || !target.atomicCreate) throw error;
        busy.push({ point: point.id, reason: 'another process is copying it' });
      }
    }
    await work(own, busy);
  } finally {
    for (const { id } of own) await closeQuietly(target, id);
  }
}

const openOn = (store: Store, id: string, { clock, host }: ReplicateOptions): Promise<unknown> =>
  openPlainSession(store, { id, host, asset: 'replication', nowMs: clock.now() }, new DamageLog());

/**
 * A prune of the source leaves alone what it condemns from now on. Where the source may not be written, or has no room, the second look at it
 * (`copyParts`) has to do alone.
 */
async function openAtSource(store: Store, options: ReplicateOptions): Promise<string | undefined> {
  const id = timeId(options.clock.now());
  try {
    await openOn(store, id, options);
    return id;
  } catch (error) {
    await closeQuietly(store, id);
    const codes = ['store.denied', 'store.full', 'store.busy'];
    if (isLifeboatError(error) && codes.includes(error.code)) return undefined;
    throw error;
  }
}

const stands = async (store: Store, id: string): Promise<boolean> => (await store.stat(sessionName(id))) !== undefined;

async function closeQuietly(store: Store, id: string): Promise<void> {
  try {
    await closeSession(store, id);
  } catch (error) {
    // What was copied stands without it, and the next session of this host removes it.
    if (!isLifeboatError(error)) throw error;
  }
}
