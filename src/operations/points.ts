import { LifeboatError, toLifeboatError } from '../core/index.ts';
import type { Damage, Point } from '../repository/index.ts';
import type { Workspace } from './contract.ts';
import { holdersOf } from './stores-of.ts';
import { outsidePoints } from './outside-points.ts';

/** A recovery point as people see it: in which stores it is, and what was ever proved of it. */
export interface ListedPoint {
  readonly point: Point;
  readonly stores: readonly string[];
  /** Since when it is in them, milliseconds since 1970, as far as the journal tells: when it was taken there, or copied there. */
  readonly since: Readonly<Record<string, number>>;
  /** When every byte of it was last read back sound in a store that has not been found damaged since, milliseconds since 1970. */
  readonly verifiedMs: number | undefined;
  /** Stores whose newest verification found that it cannot be restored whole from them, and when. */
  readonly damagedIn: readonly { store: string; atMs: number }[];
  /** When it was last restored with all checks green. */
  readonly provenMs: number | undefined;
}

export interface PointList {
  /** Oldest first. */
  readonly points: readonly ListedPoint[];
  readonly damage: readonly (Damage & { store: string })[];
  /** Stores that could not be asked, with the reason: the list may be short by what they hold. */
  readonly unanswered: readonly { store: string; error: LifeboatError }[];
}

/**
 * The points of one asset or of all, from every store that answers, or those of them that are named; with `fresh` each read anew (`Repository.points`).
 * When none of them answers it throws what the one said that came furthest, and why the others did not.
 */
export async function listPoints(
  workspace: Workspace,
  asset: string | undefined,
  signal?: AbortSignal,
  fresh = false,
  named?: readonly string[],
): Promise<PointList> {
  if (asset !== undefined) {
    const outside = await outsidePoints(workspace, asset, signal);
    if (outside !== undefined) return { points: withProofs(workspace, outside), damage: [], unanswered: [] };
  }
  const stores = named ?? (asset === undefined ? [...workspace.plan.stores.keys()] : holdersOf(workspace.plan, asset));
  const found = new Map<string, FoundPoint>();
  const damage: (Damage & { store: string })[] = [];
  const unanswered: { store: string; error: LifeboatError }[] = [];
  for (const store of stores) {
    try {
      const listed = await (await workspace.repository(store)).points({ fresh, signal });
      damage.push(...listed.damage.map((item) => ({ ...item, store })));
      for (const point of listed.points) collect(found, point, store, asset);
    } catch (error) {
      unanswered.push({ store, error: toLifeboatError(error) });
    }
  }
  if (unanswered.length === stores.length && unanswered.length > 0) throw noneAnswered(unanswered);
  const others = asset === undefined ? await allOutside(workspace, unanswered, signal) : [];
  return { points: withProofs(workspace, [...found.values(), ...others]), damage, unanswered };
}

/** The stores where nothing is known against it: what rests on the point counts on these alone. */
export const soundStoresOf = ({ stores, damagedIn }: Pick<ListedPoint, 'stores' | 'damagedIn'>): string[] =>
  stores.filter((store) => damagedIn.every((damaged) => damaged.store !== store));

/** A store that could be reached and not be opened says more than one that could not be reached. */
function noneAnswered(unanswered: PointList['unanswered']): LifeboatError {
  const furthest = unanswered.find(({ error }) => error.code !== 'store.unreachable') ?? unanswered[0];
  const { error, store } = furthest as PointList['unanswered'][number];
  const others = unanswered.filter((one) => one !== furthest);
  if (others.length === 0) return error;
  const all = [`${store}: ${error.message}`, ...others.map((one) => `${one.store}: ${one.error.message}`)].join('; ');
  const { where, hint } = error;
  return new LifeboatError(error.code, `no store answers: ${all}`, {
    ...(where === undefined ? {} : { where }),
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

interface FoundPoint {
  readonly point: Point;
  readonly stores: string[];
}

/** Of every asset whose copies others keep; where they cannot be listed, the asset stands among those that did not answer. */
async function allOutside(
  workspace: Workspace,
  unanswered: { store: string; error: LifeboatError }[],
  signal: AbortSignal | undefined,
): Promise<FoundPoint[]> {
  const points: FoundPoint[] = [];
  for (const asset of workspace.plan.assets.keys()) {
    try {
      points.push(...((await outsidePoints(workspace, asset, signal)) ?? []));
    } catch (error) {
      unanswered.push({ store: `the copies of ${asset}`, error: toLifeboatError(error) });
    }
  }
  return points;
}

function withProofs(workspace: Workspace, found: readonly FoundPoint[]): ListedPoint[] {
  const proofs = proofsOf(workspace);
  return found
    .toSorted((a, b) => a.point.atMs - b.point.atMs || a.point.id.localeCompare(b.point.id))
    .map((item) => ({
      ...item,
      ...verificationOf(proofs.verified.get(item.point.id), item.stores),
      provenMs: proofs.proven.get(item.point.id),
      since: proofs.since.get(item.point.id) ?? {},
    }));
}

function collect(found: Map<string, FoundPoint>, point: Point, store: string, asset: string | undefined): void {
  if (asset !== undefined && point.asset !== asset) return;
  const known = found.get(point.id);
  if (known === undefined) found.set(point.id, { point, stores: [store] });
  else known.stores.push(store);
}

/** What the newest verification of a point in a store found. */
export interface Outcome {
  readonly atMs: number;
  readonly sound: boolean;
  /** Name and version of the program that read it, where the record tells. */
  readonly tool?: string | undefined;
}

function verificationOf(
  outcomes: ReadonlyMap<string, Outcome> | undefined,
  stores: readonly string[],
): Pick<ListedPoint, 'verifiedMs' | 'damagedIn'> {
  const known = stores.flatMap((store) => {
    const outcome = outcomes?.get(store);
    return outcome === undefined ? [] : [{ store, ...outcome }];
  });
  const sound = known.filter((one) => one.sound).map(({ atMs }) => atMs);
  return {
    verifiedMs: sound.length === 0 ? undefined : Math.max(...sound),
    damagedIn: known.filter((one) => !one.sound).map(({ store, atMs }) => ({ store, atMs })),
  };
}

interface VerifyRecord {
  readonly store: string;
  readonly sound: readonly string[];
  readonly damage: readonly Damage[];
  readonly readSince?: Readonly<Record<string, number>>;
  readonly tool?: string;
}

/** What the journal knows of verifications, by point and store, and of restores with all checks green. */
export function proofsOf({ journal }: Pick<Workspace, 'journal'>): {
  verified: Map<string, Map<string, Outcome>>;
  proven: Map<string, number>;
  since: Map<string, Record<string, number>>;
} {
  const verified = new Map<string, Map<string, Outcome>>();
  const proven = new Map<string, number>();
  const since = new Map<string, Record<string, number>>();
  const arrived = (point: string, store: string, atMs: number): void => {
    since.set(point, { ...since.get(point), [store]: atMs });
  };
  const kinds = ['verify.finished', 'restore.finished', 'backup.finished', 'copy.finished'];
  for (const { kind, atMs, data } of journal.records({ kinds })) {
    if (kind === 'restore.finished') proven.set(String(data['point']), atMs);
    else if (kind === 'backup.finished') arrived(String(data['point']), String(data['store']), atMs);
    else if (kind === 'copy.finished')
      for (const point of data['points'] as string[]) arrived(point, String(data['to']), atMs);
    else {
      const { store, sound, damage, tool, readSince = {} } = data as unknown as VerifyRecord;
      const note = (id: string, outcome: Outcome): void => {
        verified.set(id, (verified.get(id) ?? new Map<string, Outcome>()).set(store, outcome));
      };
      for (const id of sound) note(id, { atMs, sound: true, tool });
      for (const [id, sinceMs] of Object.entries(readSince)) {
        // Read in parts: it counts from the oldest of them, and only if nothing was found since.
        if (sinceMs > (verified.get(id)?.get(store)?.atMs ?? -Infinity)) note(id, { atMs: sinceMs, sound: true, tool });
      }
      for (const id of damage.flatMap(({ points }) => points)) note(id, { atMs, sound: false, tool });
    }
  }
  return { verified, proven, since };
}
