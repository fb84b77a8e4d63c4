import { readFile } from 'node:fs/promises';
import type { LogKeeping, LogReader, ReplayBase } from '../assets/index.ts';
import { limits } from '../core/index.ts';
import { isStreamed, streamStateFile, type StreamLine, type Workspace } from '../operations/index.ts';
import type { FailedStream, LogReach, StreamAtWork } from '../reports/index.ts';

/** A stream that is at work on this machine and waits for something, or has not measured yet. `undefined`: none is at work. */
export async function streamAtWork(
  { stateFolder, clock }: Pick<Workspace, 'stateFolder' | 'clock'>,
  asset: string,
): Promise<StreamAtWork | undefined> {
  if (!isStreamed(stateFolder, asset)) return undefined;
  const line = await lineOf(stateFolder, asset);
  const isNew = line !== undefined && Math.abs(clock.now() - line.at) <= limits.streamSilentMs;
  return isNew && line.state === 'waiting' && line.reason !== undefined ? { waitsFor: line.reason } : {};
}

/** Why the last stream of this machine ended by itself, until the next one says something. */
export async function failedStream(
  { stateFolder }: Pick<Workspace, 'stateFolder'>,
  asset: string,
): Promise<FailedStream | undefined> {
  const line = await lineOf(stateFolder, asset);
  if (line?.state !== 'failed') return undefined;
  const { at: atMs, code, reason, hint } = line;
  return { atMs, words: `${reason} [${code}]`, hint };
}

/** What a stream of this machine said a moment ago: it alone knows that the source stands still. */
export async function runningStream(
  { stateFolder, clock }: Pick<Workspace, 'stateFolder' | 'clock'>,
  asset: string,
): Promise<Map<string, LogReach> | undefined> {
  const line = await lineOf(stateFolder, asset);
  if (line === undefined) return undefined;
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

async function lineOf(stateFolder: string, asset: string): Promise<StreamLine | undefined> {
  try {
    return JSON.parse(await readFile(streamStateFile(stateFolder, asset), 'utf8')) as StreamLine;
  } catch {
    // None ever ran here, or it is being written: the log itself is asked then.
    return undefined;
  }
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
