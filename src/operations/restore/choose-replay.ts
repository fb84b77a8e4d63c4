import type { LogKeeping, RecoveryTarget, Replay, ReplayBase } from '../../assets/index.ts';
import { isLifeboatError, LifeboatError, toLifeboatError, type ErrorCode } from '../../core/index.ts';
import type { RestoreRequest, Workspace } from '../contract.ts';
import { basesOf } from '../log-bases.ts';
import { knownLog } from '../log-damage.ts';
import { listPoints, type ListedPoint, type PointList } from '../points.ts';
import { sayingWhoIsAway } from './who-is-away.ts';

export interface ChosenReplay {
  readonly replay: Replay;
  readonly store: string;
}

/**
 * Where the asset has a log that is kept beside its points: the store from which it leads furthest towards the target, and the way
 * there, audited. `undefined` where there is no log, or a point was named and nothing of where to: then the point alone is restored.
 * Throws the nearest store's reason when none leads there, and `input.flag` for a target that only a log could reach.
 */
export async function chooseReplay(workspace: Workspace, request: RestoreRequest): Promise<ChosenReplay | undefined> {
  const { log: keeping } = workspace.asset(request.asset);
  const target = targetOf(request);
  if (keeping === undefined || isPointAlone(request)) return withoutLog(request, target);
  const { points, unanswered } = await listPoints(workspace, request.asset, request.signal);
  const found: ChosenReplay[] = [];
  const failures: LifeboatError[] = [];
  for (const store of new Set(points.flatMap(({ stores }) => stores))) {
    if (request.store !== undefined && request.store !== store) continue;
    const held = points.filter(
      ({ point, stores }) => stores.includes(store) && [undefined, point.id].includes(request.point),
    );
    // A new cluster at the same address is another source: the newest point says which one counts.
    const source = held.flatMap(({ point }) => keeping.baseOf(point.facts.facts)?.source ?? []).at(-1);
    if (source === undefined) continue;
    try {
      const log = await knownLog(workspace, { asset: request.asset, store, source });
      const replay = await planFrom(candidatesOf(keeping, held, { store, source }), (bases) =>
        keeping.planReplay(log, bases, target, signalOf(request)),
      );
      if (replay !== undefined) found.push({ replay, store });
    } catch (error) {
      if (isLifeboatError(error, 'input.flag')) throw error;
      failures.push(withOlder(toLifeboatError(error), request, target, points));
    }
  }
  const best = ofLives(found, target).toSorted((a, b) => (b.replay.reachableMs ?? 0) - (a.replay.reachableMs ?? 0))[0];
  if (best !== undefined) return best;
  const [failure] = failures;
  if (failure !== undefined)
    throw mayBeElsewhere.has(failure.code) ? sayingWhoIsAway(failure, request.store, unanswered) : failure;
  return withoutLog(request, target, unanswered);
}

/** A store may not have been told yet that people went back from the life that it leads along, and another one was. */
function ofLives(found: readonly ChosenReplay[], { timeline = 'latest' }: RecoveryTarget): readonly ChosenReplay[] {
  const endings = found.flatMap(({ replay }) => replay.endings);
  const goOn = found.filter(({ replay: { end } }) =>
    endings.every((one) => one.timeline !== end.timeline || end.position > one.position),
  );
  return timeline !== 'latest' || goOn.length === 0 ? found : goOn;
}

/** The points that are sound in the store; and all of them, of which much may still be read, for where those do not lead there. */
function candidatesOf(
  keeping: LogKeeping,
  held: readonly ListedPoint[],
  { store, source }: { readonly store: string; readonly source: string },
): ReplayBase[][] {
  const here = held.filter(({ point }) => keeping.baseOf(point.facts.facts)?.source === source);
  const sound = basesOf(keeping, here).filter(({ stores }) => stores.includes(store));
  const some = [sound, here].map((points) =>
    points.map(({ point }): ReplayBase => ({ id: point.id, atMs: point.atMs, facts: point.facts.facts })),
  );
  return sound.length === 0 || sound.length === here.length ? some.slice(1) : some;
}

/** By the first candidates that lead there; throws what is wrong with the last. */
async function planFrom(
  candidates: readonly ReplayBase[][],
  plan: (bases: readonly ReplayBase[]) => Promise<Replay | undefined>,
): Promise<Replay | undefined> {
  for (const bases of candidates.slice(0, -1)) {
    try {
      const replay = await plan(bases);
      if (replay !== undefined) return replay;
    } catch (error) {
      if (!isLifeboatError(error) || error.code === 'input.flag') throw error;
    }
  }
  return plan(candidates.at(-1) ?? []);
}

/** Where a point was named, whether another one would do. */
function withOlder(
  failure: LifeboatError,
  { point: named, asset }: RestoreRequest,
  target: RecoveryTarget,
  points: readonly ListedPoint[],
): LifeboatError {
  if (named === undefined || failure.code !== 'restore.unreachable_target') return failure;
  const index = points.findIndex(({ point }) => point.id === named);
  const older = points.slice(0, index).filter(({ point }) => target.kind !== 'time' || point.atMs <= target.atMs);
  return new LifeboatError(failure.code, failure.message, {
    hint:
      older.length === 0
        ? `No older point is there either: lifeboat points ${asset}`
        : 'An older point is there: leave --point out, and the newest that ends before is taken.',
    cause: failure,
  });
}

/** Refusals that say what is not there; a log with a hole, for one, is there. */
const mayBeElsewhere: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'restore.unknown_target',
  'restore.unreachable_target',
]);

/** Whoever says `now`, or along which timeline, wants the log too. */
export const isPointAlone = ({ point, recover, atMs }: Pick<RestoreRequest, 'point' | 'recover' | 'atMs'>): boolean =>
  point !== undefined && recover === undefined && atMs === undefined;

const targetOf = ({ recover, atMs }: RestoreRequest): RecoveryTarget =>
  recover ?? (atMs === undefined ? { kind: 'now' } : { kind: 'time', atMs });

function withoutLog(
  request: RestoreRequest,
  target: RecoveryTarget,
  unanswered: PointList['unanswered'] = [],
): undefined {
  const isPlain = target.kind === 'now' || (target.kind === 'time' && target.exclusive !== true);
  if (isPlain && typeof target.timeline !== 'number') return undefined;
  const failure = new LifeboatError(
    'input.flag',
    `${request.asset} has no log in its stores, so only its points can be restored`,
    {
      hint: `List them: lifeboat points ${request.asset}. A log is kept by: lifeboat stream ${request.asset}`,
    },
  );
  throw sayingWhoIsAway(failure, request.store, unanswered);
}

const signalOf = ({ signal }: RestoreRequest): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });
