import type { LogHole, ReplayBase } from '../../assets/index.ts';
import { isoTime, toLifeboatError } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import { basesOf, type PointBase } from '../log-bases.ts';
import { knownLog } from '../log-damage.ts';
import { listPoints, type ListedPoint } from '../points.ts';
import { logOfPoints } from '../retention/lives.ts';
import { logWindowStart } from '../retention/log-window.ts';
import { holdersOf } from '../stores-of.ts';
import type { DutyCheck } from './duties.ts';

/** A hole that costs moments which are promised. */
export interface JudgedHole extends LogHole {
  /** The stream said it when it came (`stream.gap`), and a point was taken behind it: nothing can be done about it any more. */
  readonly isTold: boolean;
  /** With what is lost, for people. */
  readonly words: string;
}

/** Where the log of each asset in a store has a hole, as lines of a verification. */
export async function judgeLogs(
  workspace: Workspace,
  store: string,
  { assets, signal }: { readonly assets: readonly string[]; readonly signal?: AbortSignal },
): Promise<DutyCheck[]> {
  const checks: DutyCheck[] = [];
  for (const asset of workspace.plan.assets.keys()) {
    if (assets.length > 0 && !assets.includes(asset)) continue;
    if (!logStoresOf(workspace, asset).includes(store)) continue;
    const about = { asset, store, check: 'log' as const };
    try {
      for (const { isTold, words } of await holesOfLog(workspace, { asset, store, signal }))
        checks.push({ ...about, verdict: isTold ? 'ok' : 'failed', words });
    } catch (error) {
      signal?.throwIfAborted();
      const failure = toLifeboatError(error);
      checks.push({ ...about, verdict: 'unknown', words: `whether it has a hole: ${failure.message}` });
    }
  }
  return checks;
}

/** The stores where log of an asset may be. */
export function logStoresOf({ plan }: Workspace, asset: string): string[] {
  const { policy = '' } = plan.assets.get(asset) ?? {};
  return [...new Set([...holdersOf(plan, asset), ...(plan.policies.get(policy)?.streams?.to ?? [])])];
}

/**
 * Where the log of an asset in a store has a hole between what is stored of it, so that moments cannot be restored: along the way that a restore follows. What is
 * there and was found damaged is missing. A hole that the log's window has passed over, or where prune took the log from before the points, is none, nor is what
 * lies before the first stream began. None for a kind that keeps no log. Throws what the store and `LogKeeping.holes` throw.
 */
export async function holesOfLog(
  workspace: Workspace,
  { asset, store, signal, points: known }: HolesAsked,
): Promise<JudgedHole[]> {
  const keeping = logOfPoints(workspace, asset);
  if (keeping === undefined) return [];
  const points = known ?? (await listPoints(workspace, asset, signal, false, [store])).points;
  const bases = basesOf(keeping, points).filter(({ stores }) => stores.includes(store));
  // A new cluster at the same address is another source: the newest point says which one counts.
  const source = bases.at(-1)?.source;
  if (source === undefined) return [];
  const log = await knownLog(workspace, { asset, store, source });
  const options = signal === undefined ? {} : { signal };
  const holes = await keeping.holes(log, bases.filter((base) => base.source === source).map(replayBase), options);
  const sinceMs = logWindowStart(workspace, asset) ?? -Infinity;
  const beganMs = streamBegan(workspace, asset);
  return holes
    .filter(
      ({ nextMs, hasLogBefore, reachableMs }) =>
        nextMs === undefined || (nextMs > sinceMs && (hasLogBefore || reachableMs >= beganMs)),
    )
    .map((hole) => ({ ...hole, isTold: isTold(workspace, asset, hole), words: wordsOf(hole) }));
}

interface HolesAsked {
  readonly asset: string;
  readonly store: string;
  readonly signal: AbortSignal | undefined;
  /** Those of the asset, where they were listed already. */
  readonly points?: readonly ListedPoint[];
}

/** When the first stream that this machine knows of began, milliseconds since 1970: behind points from before nobody promised log. */
function streamBegan({ journal }: Workspace, asset: string): number {
  const began = journal.records({ kinds: ['stream.started'] }).filter(({ data }) => data['asset'] === asset);
  return began.length === 0 ? -Infinity : Math.min(...began.map(({ atMs }) => atMs));
}

const replayBase = ({ point }: PointBase): ReplayBase => ({ id: point.id, atMs: point.atMs, facts: point.facts.facts });

const isTold = ({ journal }: Workspace, asset: string, { from, nextMs }: LogHole): boolean =>
  nextMs !== undefined &&
  journal
    .records({ kinds: ['stream.gap'] })
    .some(({ data }) => data['asset'] === asset && String(data['reason']).includes(` from ${from} `));

function wordsOf({ timeline, toTimeline, from, to, point, reachableMs, nextMs, damaged }: LogHole): string {
  const place = `${from}${timeline === toTimeline ? '' : ` on timeline ${timeline}`} to ${to} on timeline ${toTimeline}`;
  const lost =
    nextMs === undefined
      ? `no moment behind it can be restored: restore to ${isoTime(reachableMs)}, and take a point now`
      : `moments from ${isoTime(reachableMs)} to ${isoTime(nextMs)}, when the next point was taken, cannot be restored`;
  const [object] = damaged;
  const more = damaged.length > 1 ? ` and ${damaged.length - 1} more` : '';
  const what = object === undefined ? 'is missing' : `cannot be read (${object}${more} is damaged)`;
  return `the log ${what} from ${place}, behind the point ${point}; ${lost}`;
}
