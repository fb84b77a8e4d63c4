import { formatDuration, isoTime, shellWord } from '../../core/index.ts';
import type { Asked, RunResult, StepReport } from '../../procedures/index.ts';
import type { Output } from '../output.ts';

/** A run for people: the verdict, the clock, the steps, and what is asked of them. */
export function showRunOn(output: Output, run: RunResult): void {
  const { rto } = run;
  output.line(`${run.mode.toUpperCase()} ${run.scenario} in ${run.environment}: ${verdictWords(output, run)}`);
  output.line(
    `run ${run.run}, started ${isoTime(run.startedMs)}, plan ${run.plan.name} ${run.plan.hash.slice(0, 12)}, ${run.tool} on ${run.host}`,
  );
  if (run.engine !== undefined)
    output.line(`kept going by ${run.engine.name} at ${run.engine.at}, led by ${run.engine.site}`);
  if (run.undoes !== undefined) output.line(`takes back run ${run.undoes.run}`);
  if (run.rollback !== undefined) output.line(`taken back by run ${run.rollback.run}: ${run.rollback.verdict}`);
  output.table(
    ['step', 'state', '>took', '>budget', 'what happened'],
    run.steps.map((step) => stepRow(output, step)),
  );
  output.line(
    `clock from the impact: ${formatDuration(rto.totalMs)} (detect ${formatDuration(rto.detectMs)}, decide ${formatDuration(rto.decideMs)}, execute ${formatDuration(rto.executeMs)}, verify ${formatDuration(rto.verifyMs)}, waiting for people ${formatDuration(rto.waitingForPeopleMs)}${windowWords(rto)})`,
  );
  for (const { step, why } of run.undoes?.leaves ?? []) output.line(`${step} is left as it is: ${why}`);
  for (const step of run.steps) showWhere(output, step);
  const why = run.reason?.code.startsWith('step.') === true ? undefined : run.reason;
  for (const { id, hint } of run.steps)
    if (hint !== undefined && hint !== why?.hint) output.line(`hint for ${id}: ${hint}`);
  if (why !== undefined) output.line(`it stopped: ${why.message}. ${why.hint ?? ''}`.trimEnd());
  if (run.verdict === 'paused') output.line(`Go on: lifeboat run resume ${run.run}`);
  if (mayGoOn(run)) showWaysOn(output, run);
  for (const { step, question, asks } of run.questions) {
    if (asks !== undefined) {
      showAsked(output, run.run, step, question, asks);
      continue;
    }
    output.line(`A person has to decide about ${step}: ${question}`);
    output.line(`  lifeboat run resume ${run.run} --step ${step} --done     # it took effect`);
    output.line(`  lifeboat run resume ${run.run} --step ${step} --again    # it did not: do it`);
  }
}

/** It stopped, nobody is asked anything, and it is not to be left so. */
const mayGoOn = ({ verdict, mode, questions, rollback }: RunResult): boolean =>
  mode === 'real' &&
  rollback === undefined &&
  ['failed', 'cancelled', 'needs-human'].includes(verdict) &&
  questions.length === 0;

function showWaysOn(output: Output, { run, undoes }: RunResult): void {
  output.line('When its cause is repaired, it goes on behind what is done:');
  output.line(`  lifeboat run resume ${run}`);
  if (undoes === undefined) output.line(`  lifeboat run rollback ${run}    # or it is taken back, the last step first`);
}

const windowWords = ({ waitingForWindowMs }: RunResult['rto']): string =>
  waitingForWindowMs === 0 ? '' : `, waiting for a window ${formatDuration(waitingForWindowMs)}`;

function showAsked(output: Output, run: string, step: string, question: string, asks: Asked): void {
  const { word, by, options = [], inputs = {} } = asks;
  if (word === 'confirm') {
    output.line(`${step} waits for its name: ${question}`);
    output.line(`  lifeboat run resume ${run} --confirm ${step}`);
    return;
  }
  output.line(`${step} waits for ${by.length === 0 ? 'people' : by.join(' or ')}: ${question}`);
  const about = `${run} --step ${step} --as NAME`;
  if (word === 'choose')
    for (const option of options)
      output.line(`  lifeboat run choose ${run} --step ${step} --as NAME --way ${shellWord(option)}`);
  else
    output.line(
      `  lifeboat run ${word} ${about}${Object.keys(inputs)
        .map((name) => ` --input ${name}=…`)
        .join('')}`,
    );
  output.line(`  lifeboat run resume ${run}    # then it goes on`);
}

/** What a restore left: people look for it first. */
function showWhere(output: Output, { id, kind, state, outputs }: StepReport): void {
  if (kind !== 'restore' || state !== 'done') return;
  const { path, shownUrl, pid } = outputs;
  if (typeof path === 'string') output.line(`${id} is in ${path}`);
  if (typeof shownUrl === 'string' && shownUrl !== path) {
    output.line(`${id} runs at ${shownUrl}${typeof pid === 'number' ? `; end it with: kill -INT ${pid}` : ''}`);
  }
}

export const runJson = (run: RunResult): Record<string, unknown> => ({ ...run, startedAt: isoTime(run.startedMs) });

export const exitOfRun = ({ verdict }: RunResult): 0 | 1 | 3 =>
  verdict === 'done' ? 0 : verdict === 'needs-human' || verdict === 'paused' ? 3 : 1;

function verdictWords(output: Output, { verdict }: RunResult): string {
  const words = {
    done: 'DONE',
    failed: 'FAILED',
    'needs-human': 'WAITS FOR A PERSON',
    cancelled: 'CANCELLED',
    paused: 'PAUSED',
    unfinished: 'UNFINISHED',
  };
  return `${output.mark(verdict === 'done')} ${output.colours.bold(words[verdict])}`;
}

function stepRow(output: Output, step: StepReport): string[] {
  const took = step.seconds === undefined ? '' : formatDuration(step.seconds * 1000);
  return [
    step.id,
    step.state === 'failed' ? output.colours.red(step.state) : step.state,
    step.overBudget ? output.colours.red(took) : took,
    step.budgetMs === undefined ? '' : `${step.overBudget ? 'over ' : ''}${formatDuration(step.budgetMs)}`,
    step.summary || step.title,
  ];
}
