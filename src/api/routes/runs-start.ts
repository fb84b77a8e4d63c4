import {
  briefing,
  onlyEnvironment,
  recover,
  runnerTools,
  scenarioOf,
  writeReport,
  type RecoverRequest,
} from '../../app/index.ts';
import { isoTime, LifeboatError, timeId } from '../../core/index.ts';
import { runDrill } from '../../drills/index.ts';
import type { Workspace } from '../../operations/index.ts';
import { flatSteps, type RunnerTools, type RunResult } from '../../procedures/index.ts';
import { drillEvidence } from '../../reports/index.ts';
import { startedRun, startRun, type Briefing, type StartedRun, type StartRun } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { mustBe, type Caller } from '../security/caller.ts';
import { begin } from '../hands/begin.ts';

type Wish<What extends StartRun['what']> = Extract<StartRun, { what: What }>;

export function startRoutes(desk: Desk): void {
  define(
    desk,
    {
      method: 'post',
      path: '/runs',
      needs: 'operator',
      about: 'Begin a drill, a dry run or a recovery; that is an approver’s, with the scenario’s name typed',
      body: startRun,
      answer: startedRun,
      status: 202,
    },
    async ({ body, caller, about }): Promise<StartedRun> => {
      const wish = `${body.what} ${body.what === 'drill' ? body.drill : body.scenario}`;
      about(wish);
      if (body.what === 'dry')
        return { what: 'dry', briefing: await desk.lend((workspace) => dryRun(workspace, body, caller)) };
      const run =
        body.what === 'drill' ? await startDrill(desk, body, caller) : await startRecovery(desk, body, caller);
      about(`${wish}: run ${run}`);
      return { what: body.what, run };
    },
  );
}

async function startDrill(desk: Desk, { drill: name }: Wish<'drill'>, caller: Caller): Promise<string> {
  const { drills } = desk.host.plan();
  if (!drills.has(name)) {
    throw new LifeboatError('plan.unknown_name', `the plan has no drill ${name}`, {
      hint: `It has: ${[...drills.keys()].join(', ') || 'none'}.`,
    });
  }
  const run = timeId(desk.host.clock.now());
  const wish = { kind: 'drill', about: `drill ${name}`, by: caller.name, run } as const;
  await begin(desk, wish, ['drill.started'], ({ signal, progress }) =>
    desk.lend(async (workspace) => {
      const drill = workspace.plan.drills.get(name);
      if (drill === undefined) throw new LifeboatError('plan.unknown_name', `the plan has no drill ${name} any more`);
      const by = requesterOf(caller).user;
      const result = await runDrill({ run, drill, by, tools: toolsOf(desk, workspace, run), signal });
      await writeReport(workspace, drillEvidence(workspace.journal.records({ run })));
      const wrong = result.criteria.filter(({ verdict }) => verdict !== 'pass').map(({ text }) => text);
      if (result.verdict === 'pass') return 'passed';
      throw new LifeboatError('drill.failed', wrong.join('; '));
    }, progress),
  );
  return run;
}

/** Whoever typed the name of the scenario means it; protected environments ask for nothing more. */
async function startRecovery(desk: Desk, wish: Wish<'recover'>, caller: Caller): Promise<string> {
  mustBe(caller, 'approver');
  scenarioOf(desk.here(), wish.scenario);
  if (wish.typed !== wish.scenario) {
    throw new LifeboatError('environment.protected', 'what was typed is not the name of the scenario', {
      hint: `Type ${wish.scenario} to recover for real.`,
    });
  }
  const run = timeId(desk.host.clock.now());
  const about = `recover ${wish.scenario}`;
  const request = { ...requestOf(wish, caller), run, alone: wish.alone ?? false, confirm: wish.confirm ?? [] };
  await begin(desk, { kind: 'recover', about, by: caller.name, run }, ['run.started'], ({ signal, progress }) =>
    desk.lend(
      async (workspace) =>
        wordsOf(await recover(workspace, { ...request, signal, tools: toolsOf(desk, workspace, run) })),
      progress,
    ),
  );
  return run;
}

export const requesterOf = ({ name, contact }: Caller): NonNullable<RecoverRequest['by']> => ({
  as: contact,
  user: `account ${name}`,
});

/** The hands of a real run, whose output is shown here. Nobody sits at a terminal: what asks for a typed name waits for it. */
export const toolsOf = (desk: Desk, workspace: Workspace, run: string): RunnerTools => ({
  ...runnerTools(workspace),
  output: (step, line) => desk.outputs.take(run, step, line),
});

/** What became of a run, for the list of operations; one that failed is thrown. */
export function wordsOf({ verdict, reason, run }: RunResult): string {
  if (verdict === 'failed') throw new LifeboatError('step.failed', reason?.message ?? `run ${run} failed`);
  return verdict === 'needs-human' ? 'waits for people' : verdict;
}

function requestOf(wish: Wish<'recover' | 'dry'>, caller: Caller): RecoverRequest {
  const { scenario, environment, impactAt, lastGoodAt, parameters } = wish;
  return {
    scenario,
    by: requesterOf(caller),
    ...(environment === undefined ? {} : { environment }),
    ...(impactAt === undefined ? {} : { impactMs: Date.parse(impactAt) }),
    ...(lastGoodAt === undefined ? {} : { lastGoodMs: Date.parse(lastGoodAt) }),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

async function dryRun(workspace: Workspace, wish: Wish<'dry'>, caller: Caller): Promise<Briefing> {
  const scenario = scenarioOf(workspace, wish.scenario);
  const brief = await briefing(workspace, requestOf(wish, caller));
  const destructive = new Set(flatSteps(scenario).flatMap((step) => (step.destructive === true ? [step.id] : [])));
  const environment = wish.environment ?? onlyEnvironment(workspace);
  const { rehearsal } = brief;
  return {
    scenario: brief.scenario,
    environment,
    protected: workspace.plan.environments.get(environment)?.protected ?? false,
    at: brief.at,
    certainty: { ...brief.certainty },
    budgetSeconds: brief.budgetMs / 1000,
    promisedSeconds: brief.promisedMs === undefined ? null : brief.promisedMs / 1000,
    withoutBudget: [...brief.withoutBudget],
    steps: brief.steps.map((step) => ({
      id: step.id,
      kind: step.kind,
      title: step.title,
      runs: step.runs,
      certainty: step.certainty,
      text: step.text,
      budgetSeconds: step.budgetMs === undefined ? null : step.budgetMs / 1000,
      lastSeconds: step.last === undefined ? null : step.last.ms / 1000,
      decides: step.decides === undefined ? null : [...step.decides],
      stays: step.stays ?? null,
      destructive: destructive.has(step.id),
    })),
    decides: brief.decides.map(({ step, who, what }) => ({ step, who: [...who], what })),
    stays: brief.stays.map((one) => ({ ...one })),
    rehearsal:
      rehearsal === undefined
        ? null
        : {
            run: rehearsal.run,
            at: isoTime(rehearsal.atMs),
            verdict: rehearsal.verdict,
            tookSeconds: rehearsal.tookMs / 1000,
            same: rehearsal.isSame,
            notExercised: rehearsal.notExercised.map((one) => ({ ...one })),
          },
  };
}
