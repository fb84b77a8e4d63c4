import type { LogHole, LogKeeping, ReplayBase } from '../../assets/index.ts';
import { isoTime, toLifeboatError } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import { basesOf, type PointBase } from '../log-bases.ts';
import { listPoints } from '../points.ts';
import { logOfPoints } from '../retention/lives.ts';
import { logWindowStart } from '../retention/log-window.ts';
import { holdersOf } from '../stores-of.ts';
import type { DutyCheck } from './duties.ts';

/**
 * Where the log of an asset in a store has a hole between what is stored of it, so that moments cannot be restored though every object is sound: along the way
 * that a restore follows. One that the log's window has passed over, or where prune took the log from before the points, is none, nor what lies before the first
 * stream began. One that the stream said when it
 * came (`stream.gap`), and behind which a point was taken, is told and has not failed: nothing can be done about it any more.
 */
export async function judgeLogs(
  workspace: Workspace,
  store: string,
  { assets, signal }: { readonly assets: readonly string[]; readonly signal?: AbortSignal },
): Promise<DutyCheck[]> {
  const { plan } = workspace;
  const checks: DutyCheck[] = [];
  for (const { name, policy = '' } of plan.assets.values()) {
    if (assets.length > 0 && !assets.includes(name)) continue;
    const streamed = plan.policies.get(policy)?.streams?.to ?? [];
    if (![...holdersOf(plan, name), ...streamed].includes(store)) continue;
    const about = { asset: name, store, check: 'log' as const };
    try {
      const keeping = logOfPoints(workspace, name);
      if (keeping === undefined) continue;
      for (const hole of await holesIn(workspace, keeping, { asset: name, store, signal }))
        checks.push({ ...about, verdict: isTold(workspace, name, hole) ? 'ok' : 'failed', words: wordsOf(hole) });
    } catch (error) {
      signal?.throwIfAborted();
      const failure = toLifeboatError(error);
      checks.push({ ...about, verdict: 'unknown', words: `whether it has a hole: ${failure.message}` });
    }
  }
  return checks;
}

async function holesIn(
  workspace: Workspace,
  keeping: LogKeeping,
  of: { readonly asset: string; readonly store: string; readonly signal: AbortSignal | undefined },
): Promise<LogHole[]> {
  const { asset, store, signal } = of;
  const { points } = await listPoints(workspace, asset, signal, false, [store]);
  const bases = basesOf(keeping, points).filter(({ stores }) => stores.includes(store));
  // A new cluster at the same address is another source: the newest point says which one counts.
  const source = bases.at(-1)?.source;
  if (source === undefined) return [];
  const log = (await workspace.repository(store)).log(asset, source);
  const options = signal === undefined ? {} : { signal };
  const holes = await keeping.holes(log, bases.filter((base) => base.source === source).map(replayBase), options);
  const sinceMs = logWindowStart(workspace, asset) ?? -Infinity;
  const beganMs = streamBegan(workspace, asset);
  return holes.filter(
    ({ nextMs, hasLogBefore, reachableMs }) =>
      nextMs === undefined || (nextMs > sinceMs && (hasLogBefore || reachableMs >= beganMs)),
  );
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

function wordsOf({ timeline, toTimeline, from, to, point, reachableMs, nextMs }: LogHole): string {
  const place = `${from}${timeline === toTimeline ? '' : ` on timeline ${timeline}`} to ${to} on timeline ${toTimeline}`;
  const lost =
    nextMs === undefined
      ? `no moment behind it can be restored: restore to ${isoTime(reachableMs)}, and take a point now`
      : `moments from ${isoTime(reachableMs)} to ${isoTime(nextMs)}, when the next point was taken, cannot be restored`;
  return `the log is missing from ${place}, behind the point ${point}; ${lost}`;
}
