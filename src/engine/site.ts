import { LifeboatError } from '../core/index.ts';
import {
  actForAnother,
  callOff,
  cancelRun,
  earlierKeys,
  readHistory,
  resumeRun,
  revived,
  rollbackRun,
  runProcedure,
  say,
  showRun,
  type EngineOfRun,
  type Environment,
  type RunnerTools,
  type RunResult,
  type StepAnswer,
  type StepPacket,
  undoneKeys,
} from '../procedures/index.ts';
import type { ActInput, Acted, SiteActions, Word } from './engine.ts';
import { plainError } from './plain-error.ts';

export interface Site {
  readonly name: string;
  readonly tools: RunnerTools;
  /** The ground of a run here; made when it is asked for. */
  readonly environment: (name: string, run: string) => Promise<Environment>;
  /** For the records of the runs that are led here. */
  readonly engine?: EngineOfRun;
  /** Ends what acts here, where the engine is this process alone; a run that a server keeps going is cancelled through it. */
  readonly signal?: AbortSignal;
}

export interface SiteWorker extends SiteActions {
  /** Resolves when nothing is under way here. */
  idle(): Promise<void>;
  /** What is under way, in words. */
  busy(): readonly string[];
}

/**
 * What a worker does for an engine. Whatever is asked for twice while it is under way, because the engine lost sight of it, is done once: the second
 * one is given the promise of the first.
 */
export function siteWorker(site: Site): SiteWorker {
  const underWay = new Map<string, Promise<unknown>>();
  const stops = new Map<string, AbortController>();
  const once = <T>(key: string, perform: () => Promise<T>): Promise<T> => {
    const known = underWay.get(key);
    if (known !== undefined) return known as Promise<T>;
    const begun = perform().finally(() => underWay.delete(key));
    underWay.set(key, begun);
    return begun;
  };
  return {
    ready: async ({ planHash }) => answered(() => samePlan(site, planHash)),
    act: (input) => once(`run ${input.order.run}`, () => act(site, input)),
    hear: async ({ run, word }) => answered(() => hear(site, run, word)),
    step: (packet) => once(`step ${packet.key}`, () => step(site, packet, stops, underWay)),
    stop: async ({ key }) => {
      try {
        callOff(site.tools.workspace.journal, key);
      } finally {
        stops.get(key)?.abort(new LifeboatError('operation.cancelled', 'the run that asked for it stopped'));
      }
      return {};
    },
    busy: () => [...underWay.keys()],
    idle: async () => {
      while (underWay.size > 0) await Promise.allSettled(underWay.values());
    },
  };
}

/** What keeps this worker from writing down what it does is thrown, so that the engine asks again with the same key: it says nothing about the step. */
async function step(
  site: Site,
  packet: StepPacket,
  stops: Map<string, AbortController>,
  underWay: ReadonlyMap<string, Promise<unknown>>,
): Promise<StepAnswer> {
  const stop = new AbortController();
  stops.set(packet.key, stop);
  try {
    const earlier = earlierKeys(packet).filter((key) => underWay.has(`step ${key}`));
    for (const key of earlier) stops.get(key)?.abort(new LifeboatError('operation.cancelled', 'it was asked for anew'));
    const undone = undoneKeys(packet).filter((key) => underWay.has(`step ${key}`));
    for (const key of undone) stops.get(key)?.abort(new LifeboatError('operation.cancelled', 'it is taken back'));
    await Promise.allSettled([...earlier, ...undone].map((key) => underWay.get(`step ${key}`)));
    return await actForAnother({
      packet,
      environment: () => site.environment(packet.environment, packet.run),
      tools: site.tools,
      signal: stop.signal,
      isDoubted: earlier.length > 0,
    });
  } finally {
    stops.delete(packet.key);
  }
}

function samePlan({ name, tools }: Site, planHash: string): undefined {
  const { plan } = tools.workspace;
  if (plan.hash === planHash) return undefined;
  throw new LifeboatError('engine.other_plan', `the worker of ${name} knows another version of the plan`, {
    where: plan.file,
    hint: 'Bring the plan there, and start that worker anew.',
  });
}

async function act(site: Site, input: ActInput): Promise<Acted> {
  const { run } = input.order;
  const { journal } = site.tools.workspace;
  const acted = await answered(async () => {
    const known = journal.records({ run, kinds: ['run.started'] }).length > 0;
    return known ? goOn(site, input) : begin(site, input);
  });
  if (acted.result !== undefined || journal.records({ run, kinds: ['run.started'] }).length === 0) return acted;
  return { ...acted, result: showRun(journal, run) };
}

async function begin({ tools, environment, engine, signal }: Site, { order }: ActInput): Promise<RunResult> {
  const { run, scenario, incident, by, parameters, alone, confirm, undoes } = order;
  const common = {
    environment: await environment(order.environment, run),
    tools,
    ...(by === undefined ? {} : { by }),
    ...(alone === undefined ? {} : { alone }),
    ...(confirm === undefined ? {} : { confirm }),
    ...(engine === undefined ? {} : { engine }),
    ...(signal === undefined ? {} : { signal }),
  };
  if (undoes !== undefined) return rollbackRun({ ...common, run: undoes, as: run });
  return runProcedure({
    ...common,
    run,
    scenario: revived(scenario),
    mode: 'real',
    incident,
    ...(parameters === undefined ? {} : { parameters }),
  });
}

/**
 * Once for each word: a round that is asked for again, because its worker died or its answer was lost, finds its own record, and what it was told
 * then counts only as far as no record shows its effect.
 */
async function goOn(site: Site, { order, round, word }: ActInput): Promise<RunResult> {
  const { run } = order;
  const { tools } = site;
  const { journal } = tools.workspace;
  const own = journal.records({ run, kinds: ['run.round'] }).find(({ data }) => data['round'] === round);
  const { ended } = readHistory(journal, run);
  const isOld = round === 1 || own !== undefined;
  // Its worker may have died between the record of the round and its first act: what ended before that is no end of this round.
  const ends = journal.records({ run, kinds: ['run.finished', 'run.waiting'], after: own?.sequence ?? 0 });
  if (
    ended?.verdict === 'done' ||
    ended?.verdict === 'cancelled' ||
    (isOld && ended !== undefined && ends.length > 0)
  ) {
    return showRun(journal, run);
  }
  if (word?.kind === 'cancel') {
    hear(site, run, word);
    return showRun(journal, run);
  }
  if (!isOld) journal.append('run.round', { round, word: word?.kind ?? null }, { run });
  const told = word?.kind === 'resume' ? word : undefined;
  const wasUsed =
    own !== undefined && journal.records({ run, kinds: ['step.answered'], after: own.sequence }).length > 0;
  return resumeRun({
    run,
    environment: await site.environment(order.environment, run),
    tools,
    ...(told?.answer === undefined || wasUsed ? {} : { answer: told.answer }),
    ...(told?.despite === undefined ? {} : { despite: told.despite }),
    ...(told?.alone === undefined && order.alone === undefined ? {} : { alone: told?.alone ?? order.alone ?? false }),
    confirm: [...(order.confirm ?? []), ...(told?.confirm ?? [])],
    ...(site.signal === undefined ? {} : { signal: site.signal }),
  });
}

function hear({ tools }: Site, run: string, word: Word): undefined {
  const { journal } = tools.workspace;
  const { ended } = readHistory(journal, run);
  if (word.kind === 'say') say(tools.workspace, { ...word.said, run });
  if (word.kind === 'resume' && ended?.verdict === 'done') {
    throw new LifeboatError('run.not_resumable', `run ${run} is done`, { hint: `lifeboat run show ${run}` });
  }
  if (word.kind !== 'cancel' || ended?.verdict === 'cancelled') return undefined;
  const { by, reason } = word;
  cancelRun(tools.workspace, { run, by, ...(reason === undefined ? {} : { reason }) });
  return undefined;
}

async function answered(work: () => Promise<RunResult | undefined> | undefined): Promise<Acted> {
  try {
    const result = await work();
    return result === undefined ? {} : { result };
  } catch (error) {
    return { error: plainError(error) };
  }
}
