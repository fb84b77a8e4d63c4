import { readFile } from 'node:fs/promises';
import type { LogKeeping, LogReader, ReplayBase } from '../assets/index.ts';
import { limits } from '../core/index.ts';
import { streamStateFile, type StreamLine, type Workspace } from '../operations/index.ts';
import type { LogReach } from '../reports/index.ts';

/** What a stream of this machine said a moment ago: it alone knows that the source stands still. */
export async function runningStream(
  { stateFolder, clock }: Pick<Workspace, 'stateFolder' | 'clock'>,
  asset: string,
): Promise<Map<string, LogReach> | undefined> {
  let line: StreamLine;
  try {
    line = JSON.parse(await readFile(streamStateFile(stateFolder, asset), 'utf8')) as StreamLine;
  } catch {
    // None ever ran here, or it is being written: the log itself is asked then.
    return undefined;
  }
  const agoMs = clock.now() - line.at;
  if (line.state !== 'streaming' || agoMs > limits.streamSilentMs || agoMs < -limits.clockSkewMs) return undefined;
  const { serverMs, timeline: lived, passedBy } = line;
  return new Map(
    line.stores.flatMap(({ store, completeToMs }): [string, LogReach][] => {
      if (serverMs === undefined || completeToMs === undefined) return [];
      const behindMs = Math.max(0, serverMs - completeToMs) + Math.max(0, agoMs);
      const isPassedBy = lived !== undefined && passedBy?.stores.includes(store) === true;
      const other = isPassedBy ? { passedBy: { followed: passedBy.timeline, lived } } : {};
      return [[store, { completeMs: clock.now() - behindMs, from: 'stream', behindMs, ...other }]];
    }),
  );
}

/** As a restore to now would find it: audited from the newest point on, so that what lies behind a gap does not count. Throws as `planReplay`. */
export async function reachOfLog(
  keeping: LogKeeping,
  log: LogReader,
  bases: readonly ReplayBase[],
  signal: AbortSignal,
): Promise<LogReach | undefined> {
  const replay = await keeping.planReplay(log, bases, { kind: 'now' }, { signal });
  await replay?.close();
  if (replay?.reachableMs === undefined) return undefined;
  const lived = replay.later.toSorted((a, b) => b.reachableMs - a.reachableMs)[0]?.timeline;
  const other = lived === undefined ? {} : { passedBy: { followed: replay.timeline, lived } };
  return { completeMs: replay.reachableMs, from: 'log', ...other };
}
