import type { Asset, LogListing, LogPiece } from '../../assets/index.ts';
import { toLifeboatError } from '../../core/index.ts';
import { unneededPieces, type LogBase, type LogLife, type Repository } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';
import { basesOf } from '../log-bases.ts';
import { listPoints, type ListedPoint } from '../points.ts';
import { isFed, livesOf, logOfPoints } from './lives.ts';
import { logWindowStart } from './log-window.ts';

/** What a prune does with the log of one asset in one store. */
export interface PrunedLog {
  readonly asset: string;
  /** Objects that went, or would go. */
  readonly objects: number;
  /** As stored. */
  readonly bytes: number;
  /** Why all of it stays: not known is not unneeded. */
  readonly stays?: string;
}

export interface LogPruneRequest {
  readonly store: string;
  readonly dryRun: boolean;
  /** Points that are about to go from this store. */
  readonly going: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/**
 * Removes what no point needs of the logs in a store, by the window (`keep.pitr`) of each asset's policy; after the packs, for a point must be gone
 * before its log. Everything stays of an asset that is held, and wherever a store or a point that may need it does not answer.
 * Throws the errors of the store.
 */
export async function pruneLogs(workspace: Workspace, request: LogPruneRequest): Promise<PrunedLog[]> {
  const repository = await workspace.repository(request.store);
  const pruned: PrunedLog[] = [];
  for (const name of workspace.plan.assets.keys()) {
    request.signal?.throwIfAborted();
    const found = await pruneLog(workspace, repository, name, request);
    if (found !== undefined) pruned.push(found);
  }
  return pruned;
}

async function pruneLog(
  workspace: Workspace,
  repository: Repository,
  name: string,
  { store, dryRun, going, signal }: LogPruneRequest,
): Promise<PrunedLog | undefined> {
  const listed = await listPoints(workspace, name, signal);
  const points = listed.points.filter(
    ({ point, stores }) => !going.has(point.id) || stores.some((one) => one !== store),
  );
  if (points.length === 0) return undefined;
  const keeping = logOfPoints(workspace, name);
  if (keeping === undefined) return undefined;
  const sources = [...new Set(points.flatMap(({ point }) => keeping.baseOf(point.facts.facts)?.source ?? []))];
  const stays = await whyAllStays(repository, name, listed, signal);
  let [objects, bytes] = [0, 0];
  for (const source of sources) {
    const log = repository.log(name, source);
    const listing = await log.list(signal === undefined ? {} : { signal });
    if (listing.pieces.length === 0) continue;
    if (stays !== undefined) return { asset: name, objects: 0, bytes: 0, stays };
    const bases = placesOf(keeping, points, source);
    let lives: LogLife[];
    try {
      lives = await livesOf(keeping, log, { listing, bases, isFed: isFed(workspace, name, store), signal });
    } catch (error) {
      return { asset: name, objects, bytes, stays: toLifeboatError(error).message };
    }
    const sinceMs = logWindowStart(workspace, name);
    // What grows is its writer's alone, who makes a piece like any other of it.
    const atRest = listing.pieces.filter(({ growing }) => growing === undefined);
    // A restore takes point and log from one store. A point of another one counts besides: it may be about to be copied here.
    const here = basesOf(
      keeping,
      points.filter(({ point }) => !going.has(point.id)),
    ).flatMap((base) =>
      base.source === source && base.stores.includes(store) ? [{ ...base, atMs: base.point.atMs }] : [],
    );
    const unneeded = [bases, here]
      .filter((some) => some.length > 0)
      .reduce((left, some) => unneededPieces(left, some, lives, sinceMs), atRest);
    if (!dryRun) await log.remove(oldestFirst(unneeded, listing));
    objects += unneeded.length;
    bytes += unneeded.reduce((total, { storedBytes }) => total + storedBytes, 0);
  }
  return objects === 0 ? undefined : { asset: name, objects, bytes };
}

async function whyAllStays(
  repository: Repository,
  asset: string,
  { unanswered, damage }: Awaited<ReturnType<typeof listPoints>>,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const [away] = unanswered;
  if (away !== undefined) return `${away.store} does not say which points it has: ${away.error.message}`;
  const bad = damage.find(({ kind }) => kind === 'point');
  if (bad !== undefined) return `the point ${bad.object} cannot be read: ${bad.what}`;
  const held = await repository.holds(signal === undefined ? {} : { signal });
  const [unreadable] = held.damage;
  if (unreadable !== undefined) return `the hold ${unreadable.object} cannot be read`;
  // A hold on one point keeps that point, with the log that it brings along; one on the asset keeps every moment.
  const hold = held.holds.find((one) => one.point === undefined && (one.asset === undefined || one.asset === asset));
  return hold === undefined ? undefined : `it is held: ${hold.reason}`;
}

/** Sound or not: what somebody may still want to restore keeps its log. */
const placesOf = (keeping: NonNullable<Asset['log']>, points: readonly ListedPoint[], source: string): LogBase[] =>
  points.flatMap(({ point }) => {
    const place = keeping.baseOf(point.facts.facts);
    return place?.source === source ? [{ ...place, atMs: point.atMs }] : [];
  });

/** A prune that is killed leaves the newer part without a gap. */
const oldestFirst = (unneeded: readonly LogPiece[], { pieces }: LogListing): LogPiece[] => {
  const set = new Set(unneeded);
  return pieces.filter((piece) => set.has(piece));
};
