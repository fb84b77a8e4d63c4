import { inTime, isLifeboatError, limits, LifeboatError, toLifeboatError } from '../core/index.ts';
import type { Asset, Newest, ReplayBase } from '../assets/index.ts';
import {
  basesOf,
  hashOfAsset,
  holesOfLog,
  isAtWork,
  isBeingTaken,
  isKeptOutside,
  knownLog,
  listPoints,
  logStoresOf,
  proofsOf,
  standbyLines,
  streamedAssets,
  type ListedPoint,
  type PointList,
  type Workspace,
} from '../operations/index.ts';
import type { Finding } from '../plan/index.ts';
import { seenHold } from '../procedures/index.ts';
import {
  statusKinds,
  statusOf,
  type FailedStream,
  type LogReach,
  type ScheduleFacts,
  type Status,
  type StatusFacts,
  type StreamAtWork,
} from '../reports/index.ts';
import { Ledger, tasksOf } from '../schedule/index.ts';
import { failedStream, reachOfLog, runningStream, streamAtWork } from './log-reach.ts';
import { keepersOf, scheduleName } from './serve/index.ts';

export interface StatusRequest {
  /** What `check` says of the plan now. */
  readonly findings: readonly Finding[];
  /** One question to a source or a log must be answered in this time. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Asks the stores, the sources and the journal, and says how ready the plan is. Changes nothing. Who does not answer is named. */
export async function takeStatus(workspace: Workspace, request: StatusRequest): Promise<Status> {
  const { clock, journal, plan, tool, progress } = workspace;
  progress.phase('asking the stores');
  const listed = await listAll(workspace, request.signal);
  const outside = new Set([...plan.assets.keys()].filter((asset) => isKeptOutside(workspace, asset)));
  progress.phase('asking the sources');
  const [{ sources, silent }, { logs, otherLives }, holes] = await Promise.all([
    askSources(workspace, outside, request),
    askLogs(workspace, listed.points, request),
    askHoles(workspace, listed, request),
  ]);
  const facts: StatusFacts = {
    plan,
    nowMs: clock.now(),
    tool,
    findings: request.findings,
    ...listed,
    verified: proofsOf(workspace).verified,
    assetHashes: new Map([...plan.assets.keys()].map((name) => [name, hashOfAsset(plan, name) ?? ''])),
    outside,
    sources,
    silent,
    logs,
    holes,
    otherLives,
    streams: await askStreams(workspace),
    taken: new Set([...plan.assets.keys()].filter((asset) => isBeingTaken(workspace, asset))),
    failedStreams: await askFailed(workspace),
    schedule: await askSchedule(workspace, request),
    standbys: standbyLines(workspace).map((line) => ({ line, isAtWork: isAtWork(workspace, line) })),
    records: journal.records({ kinds: statusKinds }),
  };
  return statusOf(facts);
}

/** That no store answers is a status too. */
async function listAll(workspace: Workspace, signal: AbortSignal): Promise<PointList> {
  try {
    return await listPoints(workspace, undefined, signal);
  } catch (error) {
    signal.throwIfAborted();
    const first = toLifeboatError(error);
    const reasons = [...workspace.plan.stores.keys()].map(async (store) => ({
      store,
      error: await workspace.repository(store).then(
        () => first,
        (reason: unknown) => toLifeboatError(reason),
      ),
    }));
    return { points: [], damage: [], unanswered: await Promise.all(reasons) };
  }
}

/** Who keeps the schedule, as the stores show it, and how its tasks went, as the journal knows it. */
async function askSchedule(workspace: Workspace, request: StatusRequest): Promise<ScheduleFacts> {
  const { plan, clock, journal } = workspace;
  const ledger = new Ledger(journal, clock);
  ledger.refresh();
  const asked = await inTurns([...plan.stores.keys()], (store) =>
    askInTime(workspace, request, async (signal) => ({
      hold: await seenHold(workspace, { environment: scheduleName, store, signal }),
    })),
  );
  const holds = asked.flatMap((answer) => answer?.hold ?? []);
  const hold = holds.toSorted((one, other) => one.atMs - other.atMs).at(-1);
  const kept = journal.records({ kinds: ['schedule.kept'] }).at(-1);
  const tasks = tasksOf(plan, keepersOf(plan, clock)).map(({ id }) => ({ task: id, ...ledger.of(id) }));
  return { keptMs: kept?.atMs, hold, allAnswered: asked.every((answer) => answer !== undefined), tasks };
}

/** A source that is away says nothing: then the age of what is kept is an upper bound of the loss, and is shown as that. */
async function askSources(
  workspace: Workspace,
  outside: ReadonlySet<string>,
  request: StatusRequest,
): Promise<{ sources: Map<string, Newest>; silent: Map<string, string> }> {
  const asked = [...workspace.plan.assets.keys()].filter((name) => !outside.has(name));
  const answers = await inTurns(asked, async (name) => ({
    name,
    ...(await answerOf(workspace, request, (signal) => askSource(workspace.asset(name), signal))),
  }));
  return {
    sources: new Map(answers.flatMap(({ name, answer }) => (answer === undefined ? [] : [[name, answer]]))),
    silent: new Map(answers.flatMap(({ name, error }) => (error === undefined ? [] : [[name, error.message]]))),
  };
}

/** A kind that has nothing to ask of its source answers without it: whether the source is there is another question. */
async function askSource(asset: Asset, signal: AbortSignal): Promise<Newest> {
  const newest = await asset.newest('source', { signal });
  if (newest.atMs === undefined && newest.token === undefined) await asset.identify({ signal });
  return newest;
}

async function askStreams(workspace: Workspace): Promise<ReadonlyMap<string, StreamAtWork>> {
  const found = new Map<string, StreamAtWork>();
  for (const asset of streamedAssets(workspace)) {
    const stream = await streamAtWork(workspace, asset);
    if (stream !== undefined) found.set(asset, stream);
  }
  return found;
}

async function askFailed(workspace: Workspace): Promise<ReadonlyMap<string, FailedStream>> {
  const found = new Map<string, FailedStream>();
  for (const asset of streamedAssets(workspace)) {
    const failed = await failedStream(workspace, asset);
    if (failed !== undefined) found.set(asset, failed);
  }
  return found;
}

async function askLogs(
  workspace: Workspace,
  points: readonly ListedPoint[],
  request: StatusRequest,
): Promise<{ logs: Map<string, Map<string, LogReach>>; otherLives: NonNullable<StatusFacts['otherLives']> }> {
  const otherLives = new Map<string, Map<string, { words: string; hint: string }>>();
  const answers = await inTurns(streamedAssets(workspace), async (asset) => {
    const found = new Map<string, LogReach>();
    const running = await runningStream(workspace, asset);
    const { policy } = workspace.plan.assets.get(asset) ?? {};
    for (const store of workspace.plan.policies.get(policy ?? '')?.streams?.to ?? []) {
      const known = running?.get(store);
      const ask = (signal: AbortSignal) => reachInStore(workspace, asset, store, points, signal);
      const { answer: reach, error } =
        known === undefined ? await answerOf(workspace, request, ask) : { answer: known, error: undefined };
      if (reach !== undefined) found.set(store, reach);
      if (!isLifeboatError(error, 'log.conflict')) continue;
      const { message: words, hint = `lifeboat points ${asset}` } = error;
      otherLives.set(asset, (otherLives.get(asset) ?? new Map<string, never>()).set(store, { words, hint }));
    }
    return [asset, found] as const;
  });
  return { logs: new Map(answers), otherLives };
}

/** Of a store that did not answer nothing is known, which is said of it already. */
async function askHoles(
  workspace: Workspace,
  { points, unanswered }: PointList,
  request: StatusRequest,
): Promise<StatusFacts['holes']> {
  const asked = [...workspace.plan.assets.keys()].flatMap((asset) =>
    logStoresOf(workspace, asset)
      .filter((store) => unanswered.every((one) => one.store !== store))
      .map((store) => ({ asset, store })),
  );
  return inTurns(asked, async (about) => {
    const own = points.filter(({ point, stores }) => point.asset === about.asset && stores.includes(about.store));
    const question = (signal: AbortSignal) => holesOfLog(workspace, { ...about, signal, points: own });
    const { answer = [], error } = await answerOf(workspace, request, question);
    return { ...about, holes: answer, ...(error === undefined ? {} : { error }) };
  });
}

async function reachInStore(
  workspace: Workspace,
  asset: string,
  store: string,
  points: readonly ListedPoint[],
  signal: AbortSignal,
): Promise<LogReach | undefined> {
  const keeping = workspace.asset(asset).log;
  if (keeping === undefined) return undefined;
  const own = points.filter(({ point }) => point.asset === asset);
  const held = basesOf(keeping, own).filter(({ stores }) => stores.includes(store));
  const source = held.at(-1)?.source;
  if (source === undefined) return undefined;
  const bases = held
    .filter((base) => base.source === source)
    .map(({ point }): ReplayBase => ({ id: point.id, atMs: point.atMs, facts: point.facts.facts }));
  const log = await knownLog(workspace, { asset, store, source });
  return reachOfLog(keeping, log, bases, signal);
}

/** Undefined where there is no answer in time, or a refusal: then nothing is known, which the status says. */
const askInTime = async <T>(...asked: Parameters<typeof answerOf<T>>): Promise<T | undefined> =>
  (await answerOf(...asked)).answer;

/** One of both: the error is that of who did not answer in time, or refused. */
async function answerOf<T>(
  { clock, progress }: Workspace,
  { signal, timeoutMs }: StatusRequest,
  question: (signal: AbortSignal) => Promise<T>,
): Promise<{ answer?: T; error?: LifeboatError }> {
  const over = new AbortController();
  const late = (): LifeboatError => new LifeboatError('check.unanswered', `no answer in ${timeoutMs / 1000} s`);
  try {
    const asked = question(AbortSignal.any([signal, over.signal]));
    return { answer: await inTime(asked, { clock, ms: timeoutMs, late }) };
  } catch (error) {
    signal.throwIfAborted();
    const failure = toLifeboatError(error);
    progress.note(`not answered: ${failure.message}`);
    return { error: failure };
  } finally {
    // Who was too late is told to stop.
    over.abort();
  }
}

/** So many at once, in order. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += limits.liveQuestionsAtOnce)
    results.push(...(await Promise.all(items.slice(at, at + limits.liveQuestionsAtOnce).map(work))));
  return results;
}
