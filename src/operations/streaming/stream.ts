import type { Asset, HeldBase, LogStreamState, LogTarget, LogWriter } from '../../assets/index.ts';
import {
  allInTime,
  formatDuration,
  inTime,
  LifeboatError,
  limits,
  systemClock,
  toLifeboatError,
  unlessStopped,
  type ErrorCode,
  type TimeBound,
} from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { Streaming } from '../../plan/index.ts';
import type { Workspace } from '../contract.ts';
import { endingsKnown } from '../ended-lives.ts';
import { basesOf } from '../log-bases.ts';
import { damagedLog, knownLog } from '../log-damage.ts';
import { BaseLosses } from './base-losses.ts';
import { Bases } from './bases.ts';
import { Gaps } from './gaps.ts';
import { LateLog } from './late-log.ts';
import { listPoints } from '../points.ts';
import { holdersOf } from '../stores-of.ts';
import { leaveState, streamLockFile, streamStateFile } from './stream-state.ts';

/** One line of state: what a stream does, by its asset. */
export type StreamLine = { readonly asset: string; readonly at: number } & (
  | LogStreamState
  | { readonly state: 'base'; readonly reason: string; readonly point?: string; readonly stores: readonly [] }
  | { readonly state: 'ended'; readonly stores: readonly [] }
  /** It ended by itself, and waiting does not mend it. */
  | {
      readonly state: 'failed';
      readonly code: ErrorCode;
      readonly reason: string;
      readonly hint?: string;
      readonly stores: readonly [];
    }
);

type StreamSaid = StreamLine extends infer Line
  ? Line extends StreamLine
    ? Omit<Line, 'asset' | 'at'>
    : never
  : never;

export interface StreamRequest {
  /** Default: every asset whose policy says `stream`. */
  readonly assets: readonly string[];
  say(line: StreamLine): void;
  /** This process does nothing else, but for the points that the stream needs: with one asset and one store, the thread may wait for the disk where commits do. */
  readonly isAlone?: boolean;
  readonly signal: AbortSignal;
}

/** A file is written at once; an object costs a request. `stream.every` of the plan goes first. */
export const everyMsOf = { file: 1_000, object: 5_000 } as const;
const stateEveryMs = 5_000;

/**
 * Keeps the logs of assets in the stores of their policies until it is stopped; takes a point where there is none or the log has a
 * gap. Throws the first error that waiting does not mend, after all streams have ended.
 */
export async function stream(workspace: Workspace, request: StreamRequest): Promise<void> {
  const names = request.assets.length === 0 ? streamedAssets(workspace) : request.assets;
  if (names.length === 0) {
    throw new LifeboatError('plan.not_executable', 'no asset of the plan is streamed', {
      hint: 'Write `stream: { to: [STORE] }` into the policy of a PostgreSQL asset.',
    });
  }
  const stopAll = new AbortController();
  const signal = AbortSignal.any([request.signal, stopAll.signal]);
  const ended = await Promise.allSettled(
    names.map(async (name) => {
      try {
        await streamAsset(workspace, name, {
          ...request,
          isAlone: request.isAlone === true && names.length === 1,
          signal,
        });
      } catch (error) {
        stopAll.abort();
        throw error;
      }
    }),
  );
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

export const streamedAssets = ({ plan }: Workspace): string[] =>
  [...plan.assets.values()]
    .filter(({ policy }) => policy !== undefined && plan.policies.get(policy)?.streams !== undefined)
    .map(({ name }) => name);

async function streamAsset(workspace: Workspace, name: string, request: StreamRequest): Promise<void> {
  const { journal, stateFolder, clock } = workspace;
  const asset = workspace.asset(name);
  const streaming = streamingOf(workspace, name);
  const keeping = logOf(asset);
  const say = (line: StreamSaid): void => {
    const said = { asset: name, at: clock.now(), ...line } as StreamLine;
    // What happened is no state: a point that is taken beside it, and that it is connected again.
    if (said.state !== 'base' && said.state !== 'resumed') leaveState(streamStateFile(stateFolder, name), said);
    request.say(said);
  };
  const lock = holdLock(streamLockFile(stateFolder, name), `stream of ${name}`);
  const { signal } = request;
  const bases = new Bases({ workspace, asset: name, placeOf: (facts) => keeping.baseOf(facts), say, signal });
  const intent = journal.append('stream.started', { asset: name, stores: streaming.to });
  const losses = new BaseLosses(
    journal,
    streaming.to.some((store) => damagedLog(workspace, store).size > 0),
  );
  const gaps = new Gaps(journal, { intent: intent.sequence, asset: name });
  try {
    const source = await untilAnswered(() => keeping.source(), request.signal, say);
    if (source === undefined) return;
    const opening = unlessStopped(targetsOf(workspace, { asset: name, source, streaming }), signal, stopped);
    const targets = await opening.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
    if (targets === undefined) return;
    const mayWait = request.isAlone === true && targets.length === 1;
    await keeping.stream({
      source,
      targets: targets.map((target) => ({ ...target, mayWait })),
      everyMs: stateEveryMs,
      bases: async () => (await placesOf(workspace, asset, request.signal)).filter((place) => place.source === source),
      endings: () => endingsKnown(journal, name, source),
      isBaseLost: () => losses.take(),
      known: (store) => knownLog(workspace, { asset: name, store, source }),
      needsBase: (unlinked) => {
        gaps.note(unlinked);
        bases.take(unlinked);
      },
      say: (state) => say(bases.shown(state)),
      signal: request.signal,
    });
  } catch (error) {
    const failure = toLifeboatError(error);
    journal.append('stream.failed', { intent: intent.sequence, asset: name, error: failure.toJSON() });
    const { code, message: reason, hint } = failure;
    say({ state: 'failed', code, reason, ...(hint === undefined ? {} : { hint }), stores: [] });
    throw error;
  } finally {
    await bases.end();
    lock.release();
  }
  journal.append('stream.finished', { intent: intent.sequence, asset: name });
  say({ state: 'ended', stores: [] });
}

const stopped = (): LifeboatError => new LifeboatError('operation.cancelled', 'the stream was stopped');

/** The server may be away when the stream starts; that is said and waited for. */
async function untilAnswered(
  ask: () => Promise<string>,
  signal: AbortSignal,
  say: (line: LogStreamState) => void,
): Promise<string | undefined> {
  let awayMs: number | undefined;
  while (!signal.aborted) {
    try {
      const answer = await unlessStopped(ask(), signal, stopped);
      if (awayMs !== undefined) {
        const lasted = formatDuration(systemClock.elapsed() - awayMs);
        say({ state: 'resumed', reason: `the server answers after ${lasted}`, stores: [] });
      }
      return answer;
    } catch (error) {
      if (signal.aborted) return undefined;
      const failure = toLifeboatError(error);
      if (failure.retry !== 'later') throw failure;
      awayMs ??= systemClock.elapsed();
      say({ state: 'waiting', reason: failure.message, stores: [] });
      await systemClock.sleep(2_000, signal).catch(() => {}); // stopped: the loop ends
    }
  }
  return undefined;
}

function streamingOf({ plan }: Workspace, name: string): Streaming {
  const policy = plan.assets.get(name)?.policy;
  const streaming = policy === undefined ? undefined : plan.policies.get(policy)?.streams;
  if (streaming !== undefined) return streaming;
  throw new LifeboatError('plan.not_executable', `the policy of ${name} does not say where its log goes`, {
    hint: 'Write `stream: { to: [STORE] }` into it.',
  });
}

export function logOf(asset: Asset): NonNullable<Asset['log']> {
  if (asset.log !== undefined) return asset.log;
  throw new LifeboatError('asset.unsupported', `${asset.name} has no log that could be streamed`, {
    hint: 'Only PostgreSQL assets that are read physically have one.',
  });
}

/** A store that cannot be opened when the stream starts must not keep it from the others. Throws when none will ever be opened by waiting. */
async function targetsOf(
  workspace: Workspace,
  { asset, source, streaming }: { asset: string; source: string; streaming: Streaming },
): Promise<LogTarget[]> {
  const opens = streaming.to.map(
    (store) => async (): Promise<LogWriter> => (await workspace.repository(store)).log(asset, source),
  );
  const opened = await Promise.allSettled(
    opens.map((open, index) => inTime(open(), boundOf(streaming.to[index] as string))),
  );
  const failures = opened.flatMap((one) => (one.status === 'rejected' ? [toLifeboatError(one.reason)] : []));
  if (
    failures.length === opened.length &&
    failures[0] !== undefined &&
    failures.every(({ retry }) => retry !== 'later')
  )
    throw failures[0];
  return streaming.to.map((store, index): LogTarget => {
    const one = opened[index] as PromiseSettledResult<LogWriter>;
    const usual = workspace.plan.stores.get(store)?.type === 'fs' ? everyMsOf.file : everyMsOf.object;
    const everyMs = streaming.mode === 'sync' ? 0 : (streaming.everyMs ?? usual);
    const log = one.status === 'fulfilled' ? one.value : new LateLog(opens[index] as () => Promise<LogWriter>);
    return { store, log, everyMs };
  });
}

/** Asked of each store for itself: one that is away, or hangs, has none as far as anybody knows. Throws when none answers. */
async function placesOf(workspace: Workspace, asset: Asset, signal: AbortSignal): Promise<HeldBase[]> {
  const stores = holdersOf(workspace.plan, asset.name);
  const asked = stores.map(async (store) => {
    const { points } = await listPoints(workspace, asset.name, signal, false, [store]);
    return basesOf(logOf(asset), points);
  });
  const answers = await allInTime(asked, (index) => boundOf(stores[index] as string));
  const [first] = answers;
  if (first?.status === 'rejected' && answers.every(({ status }) => status === 'rejected')) throw first.reason;
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

const boundOf = (store: string): TimeBound => ({
  clock: systemClock,
  ms: limits.storeLookMs,
  late: () => new LifeboatError('store.unreachable', `${store} did not answer within ${limits.storeLookMs / 1000} s`),
});
