import type { JournalRecord } from '../../journal/index.ts';
import type { RunHistory } from './history.ts';
import type { Incident, RtoSplit } from '../run-types.ts';

type Part = 'execute' | 'verify' | 'people' | 'window';

/**
 * Cuts the time from the impact to `endMs` where the records cut it. Between two records the time belongs to people if a
 * question was open (or the runner was gone, and a person had to start it again), to a window if nothing was done but wait for its opening, to
 * verifying if only steps that verify were running, else to executing. Nothing is guessed: without a record there is no cut.
 */
export function splitRto(records: readonly JournalRecord[], incident: Incident, endMs: number): RtoSplit {
  // Who waits for a window has decided.
  const firstStep = records.find(({ kind }) => kind === 'step.started' || kind === 'run.window');
  const declaredMs = clamp(incident.declaredMs, incident.impactMs, endMs);
  const decidedMs = clamp(firstStep?.atMs ?? endMs, declaredMs, endMs);
  const parts = { execute: 0, verify: 0, people: 0, window: 0 };
  const state = { running: new Map<string, boolean>(), asking: new Set<string>(), shut: new Set<string>() };
  let cutMs = decidedMs;
  for (const record of records) {
    const atMs = clamp(record.atMs, cutMs, endMs);
    const part: Part = record.kind === 'run.resumed' ? 'people' : partNow(state);
    parts[part] += atMs - cutMs;
    cutMs = atMs;
    follow(state, record);
  }
  parts[partNow(state)] += Math.max(0, endMs - cutMs);
  return {
    detectMs: declaredMs - incident.impactMs,
    decideMs: decidedMs - declaredMs,
    executeMs: parts.execute,
    verifyMs: parts.verify,
    waitingForPeopleMs: parts.people,
    waitingForWindowMs: parts.window,
    totalMs: Math.max(0, endMs - incident.impactMs),
  };
}

/**
 * When the clock of a recovery stops: where its first `commit` began, if nothing went wrong behind it, for what comes then only keeps the way
 * back open; else at its end.
 */
export function clockEndMs({ records, ended }: Pick<RunHistory, 'records' | 'ended'>, endMs: number): number {
  const commit = records.find(({ kind, data }) => kind === 'step.started' && data['kind'] === 'commit');
  if (commit === undefined) return endMs;
  const isGood = ended === undefined || ended.verdict === 'done' || ended.error?.code === 'step.waits';
  const isBreached = records.some(({ kind, atMs }) => kind === 'run.breached' && atMs >= commit.atMs);
  return isGood && !isBreached ? commit.atMs : endMs;
}

interface State {
  /** Steps between their two records, and whether they only verify. */
  readonly running: Map<string, boolean>;
  readonly asking: Set<string>;
  /** Steps whose window is to open. */
  readonly shut: Set<string>;
}

function partNow({ running, asking, shut }: State): Part {
  if (running.size > 0) return [...running.values()].every(Boolean) ? 'verify' : 'execute';
  if (asking.size > 0) return 'people';
  return shut.size > 0 ? 'window' : 'execute';
}

function follow({ running, asking, shut }: State, { kind, data }: JournalRecord): void {
  const step = String(data['step']);
  if (kind === 'run.window') shut.add(step);
  if (kind === 'step.started' || kind === 'step.finished') shut.delete(step);
  if (kind === 'run.resumed') shut.clear();
  if (kind === 'step.started') asking.delete(step);
  if (kind === 'step.started' && data['group'] !== true) running.set(step, data['verifies'] === true);
  if (kind === 'step.finished') {
    running.delete(step);
    if (data['state'] === 'needs-human') asking.add(step);
    else asking.delete(step);
  }
  if (kind === 'step.asked') asking.add(step);
  if (kind === 'step.answered' || kind === 'step.confirmed') asking.delete(step);
  if (kind === 'run.resumed') running.clear();
  if (kind === 'drill.verifying') running.set('', true);
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
