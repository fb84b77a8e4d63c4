import { isoTime } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import {
  deciders,
  flatSteps,
  forecastRun,
  hasRunner,
  lastWords,
  measuredOf,
  readHistory,
  resultOf,
  type RunHistory,
  type RunResult,
  type StepReport,
} from '../../procedures/index.ts';
import { isAtLeast, type Asked, type Run, type RunSummary, type Step } from '../contract/index.ts';
import type { Caller } from '../security/caller.ts';
import { forecastShown, measuredShown } from './run-forecast.ts';
import { restoredOf, windowOf } from './run-points.ts';
import { longestWay, timesOf, type StepTime } from './run-times.ts';

export const summaryOf = (run: RunResult, drill: string | undefined): RunSummary => ({
  run: run.run,
  mode: run.mode,
  scenario: run.scenario,
  drill: drill ?? null,
  environment: run.environment,
  verdict: run.verdict,
  startedAt: isoTime(run.startedMs),
  finishedAt: iso(run.finishedMs),
  seconds: run.seconds,
  waits: run.questions.map(({ step }) => step),
  undoes: run.undoes?.run ?? null,
});

export interface RunRequest {
  readonly workspace: Workspace;
  readonly run: string;
  readonly drill: string | undefined;
  /** Earlier runs, newest first: how long steps took. */
  readonly runs: readonly RunResult[];
  readonly caller: Caller;
  output(step: string): string[];
}

/** One run with its times, its way and what may be done to it. Throws `run.missing`. */
export function runOf(request: RunRequest): Run {
  const { workspace, drill } = request;
  const { plan, clock, journal } = workspace;
  const history = readHistory(journal, request.run);
  const result = resultOf(history);
  const { steps } = history.started.snapshot;
  const skipped = new Set(result.steps.flatMap(({ id, state }) => (state === 'skipped' ? [id] : [])));
  const times = timesOf(steps, lastTimes(result, request.runs), skipped);
  const criticalPath = longestWay(steps, times);
  const measured = measuredOf(result, request.runs);
  const forecast = forecastRun(history, result, measured, clock.now());
  const declared = new Map(flatSteps(history.started.snapshot).map((step) => [step.id, step]));
  const runner = runnerOf(workspace, history, result);
  const scenario = plan.scenarios.get(result.scenario);
  const { rto, incident, reason, rollback, requester } = result;
  const lastMs = result.verdict === 'unfinished' || result.verdict === 'needs-human' ? clock.now() : undefined;
  const shown = result.steps.map((step) => ({
    ...stepOf(step, request, history, times.get(step.id), criticalPath),
    measured: measuredShown(declared.get(step.id), measured),
  }));
  const plannedMs = Math.max(0, ...[...times.values()].map(({ endMs }) => endMs));
  return {
    ...summaryOf(result, drill),
    incident: {
      impactAt: isoTime(incident.impactMs),
      declaredAt: isoTime(incident.declaredMs),
      lastGoodAt: isoTime(incident.lastGoodMs),
    },
    rto: {
      seconds: (lastMs === undefined ? rto.totalMs : Math.max(rto.totalMs, lastMs - incident.impactMs)) / 1000,
      targetSeconds: seconds(scenario?.objectives.rtoMs ?? plan.objectives.rtoMs),
      detectSeconds: rto.detectMs / 1000,
      decideSeconds: rto.decideMs / 1000,
      executeSeconds: rto.executeMs / 1000,
      verifySeconds: rto.verifyMs / 1000,
      waitingForPeopleSeconds: rto.waitingForPeopleMs / 1000,
      waitingForWindowSeconds: rto.waitingForWindowMs / 1000,
    },
    plannedSeconds: plannedMs === 0 ? null : plannedMs / 1000,
    forecast: forecastShown(forecast),
    rpoTargetSeconds: seconds(scenario?.objectives.rpoMs ?? plan.objectives.rpoMs),
    ...whereItStands(shown, history),
    criticalPath,
    steps: shown,
    restored: restoredOf(result),
    waitsForWindow: windowOf(history),
    reason: reason === undefined ? null : { ...reason },
    requester: requester === undefined ? null : { as: requester.as ?? null, user: requester.user },
    resumed: result.resumed,
    unexercised: [...result.unexercised],
    rollback: rollback ?? null,
    runner,
    plan: result.plan,
    tool: result.tool,
    host: result.host,
    may: actionsOf(result, runner, shown, request.caller),
  };
}

/** How long each step took when it was last done. */
function lastTimes({ run, scenario }: RunResult, runs: readonly RunResult[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const earlier of runs) {
    if (earlier.run === run || earlier.scenario !== scenario || earlier.undoes !== undefined) continue;
    for (const { id, state, seconds: took } of earlier.steps)
      if (state === 'done' && took !== undefined && !found.has(id)) found.set(id, took * 1000);
  }
  return found;
}

function runnerOf(workspace: Workspace, history: RunHistory, { verdict }: RunResult): Run['runner'] {
  if (verdict !== 'unfinished') return null;
  const has = hasRunner(workspace, history);
  return has === undefined ? 'unknown' : has ? 'here' : 'gone';
}

function stepOf(
  step: StepReport,
  request: RunRequest,
  history: RunHistory,
  time: StepTime | undefined,
  criticalPath: readonly string[],
): Omit<Step, 'measured'> {
  return {
    id: step.id,
    kind: step.kind,
    title: step.title,
    state: step.state,
    within: time?.within ?? null,
    needs: [...(time?.needs ?? [])],
    startedAt: iso(step.startedMs),
    finishedAt: iso(step.finishedMs),
    seconds: step.seconds ?? null,
    attempts: step.attempts,
    summary: step.summary,
    budgetSeconds: seconds(step.budgetMs),
    overBudget: step.overBudget,
    plannedStartSeconds: time === undefined ? null : time.startMs / 1000,
    plannedSeconds: seconds(time?.plannedMs),
    critical: criticalPath.includes(step.id),
    output: request.output(step.id),
    code: step.code ?? null,
    hint: step.hint ?? null,
    question: step.question ?? null,
    asks: step.asks === undefined ? null : askedOf(step.asks, step.id, request, history),
  };
}

function askedOf(
  asks: NonNullable<StepReport['asks']>,
  id: string,
  { workspace: { plan }, caller }: RunRequest,
  { started, steps }: RunHistory,
): Asked {
  const requester = asks.word === 'approve' ? started.by?.as : undefined;
  const words = lastWords(steps.get(id)?.said ?? [], asks.round, requester);
  const allowed = deciders(plan, asks.by, requester);
  const agreed = words.filter(({ word }) => word !== 'deny').map(({ as }) => as);
  const role = asks.word === 'attest' ? 'operator' : 'approver';
  const why =
    caller.by === 'token'
      ? 'a token is nobody, and consents to nothing'
      : !isAtLeast(caller.role, role)
        ? `this needs the role ${role}`
        : asks.word === 'confirm' || plan.contacts.size === 0
          ? null
          : caller.contact === undefined
            ? 'your account is no contact of the plan'
            : allowed.includes(caller.contact)
              ? null
              : requester !== undefined && caller.contact === requester
                ? 'you started this run: somebody else has to agree'
                : `${caller.contact} is not ${asks.by.join(' or ')}`;
  return {
    word: asks.word,
    by: [...asks.by],
    who: allowed.filter((one) => !agreed.includes(one)),
    count: asks.count,
    agreed,
    untilAt: iso(asks.untilMs),
    inputs: Object.fromEntries(
      Object.entries(asks.inputs ?? {}).map(([name, { oneOf, ...input }]) => [
        name,
        { ...input, ...(oneOf === undefined ? {} : { oneOf: [...oneOf] }) },
      ]),
    ),
    options: [...(asks.options ?? [])],
    you: { may: why === null, why },
  };
}

/** Groups say nothing that the steps inside them do not. */
function whereItStands(steps: readonly Step[], { started }: RunHistory): Pick<Run, 'now' | 'next' | 'blocked'> {
  const groups = new Set(
    flatSteps(started.snapshot).flatMap(({ id, steps: inside, options = [] }) =>
      inside.length > 0 || options.length > 0 ? [id] : [],
    ),
  );
  const byId = new Map(steps.map((step) => [step.id, step]));
  const acts = steps.filter(({ id }) => !groups.has(id));
  const isReady = (step: Step): boolean =>
    step.needs.every((id) => byId.get(id)?.state !== 'pending') &&
    (step.within === null || byId.get(step.within)?.state !== 'pending' || isReady(byId.get(step.within) as Step));
  return {
    now: acts.filter(({ state }) => state === 'running').map(({ id }) => id),
    next: acts.filter((step) => step.state === 'pending' && isReady(step)).map(({ id }) => id),
    blocked: steps.flatMap(({ id, state, question, summary, asks }) =>
      state === 'needs-human' ? [{ step: id, why: question ?? summary, who: asks?.by ?? [] }] : [],
    ),
  };
}

function actionsOf(
  { verdict, mode, undoes, rollback }: RunResult,
  runner: Run['runner'],
  steps: readonly Step[],
  { role }: Caller,
): Run['may'] {
  if (!isAtLeast(role, 'operator')) return [];
  const isActed = runner === 'here' || runner === 'unknown';
  const isOpen = verdict !== 'done' && verdict !== 'cancelled';
  const stands = mode === 'real' && isOpen && !isActed && rollback === undefined;
  const words = steps.flatMap(({ asks }) => (asks?.you.may === true && asks.word !== 'confirm' ? [asks.word] : []));
  const isApprover = isAtLeast(role, 'approver');
  return [
    ...new Set([
      ...words,
      ...(words.some((word) => word !== 'choose') ? (['deny'] as const) : []),
      ...(stands ? (['resume', 'retry'] as const) : []),
      ...(stands && isApprover ? (['skip'] as const) : []),
      ...(runner === 'here' ? (['pause'] as const) : []),
      ...(isOpen ? (['cancel'] as const) : []),
      ...(mode === 'real' && !isActed && undoes === undefined && isApprover ? (['rollback'] as const) : []),
    ]),
  ];
}

const iso = (ms: number | undefined): string | null => (ms === undefined ? null : isoTime(ms));
const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : ms / 1000);
