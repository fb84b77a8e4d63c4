/**
 * A whole procedure with people in it, from its start to its end, by a process that kills itself with SIGKILL at one call of the journal: also
 * while a person speaks, and while a run is gone on with. Started by the tests: node killed-life.ts FOLDER CALL before|after
 */
import { join } from 'node:path';
import type { Scenario } from '../../plan/index.ts';
import { listRuns, resumeRun, runProcedure, say, type RunResult } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from './bench.ts';
import { deadlyJournal } from './killed-runner.ts';
import { linesIn } from '../../testing/lines.ts';

const [, script = '', folder = '', call = '', when = ''] = process.argv;

/** A life of this procedure has four questions and as many doubts; more rounds are a circle. */
const roundsMax = 20;

export const lifeOf = (at: string): Bench => {
  const contacts = new Map([
    ['duty', { role: 'on_call' }],
    ['lead', { role: 'lead' }],
    ['boss', { role: 'lead' }],
  ]);
  const inner = { ...scenarioOf(write(at, 'inside', 'n${parameters.word}')), name: 'inner' };
  const parameters = new Map([['word', { type: 'text' as const }]]);
  return makeBench({ folder: at, plan: { contacts, scenarios: new Map([['inner', { ...inner, parameters }]]) } });
};

const write = (at: string, id: string, line = id): ReturnType<typeof stepOf> =>
  stepOf(id, 'exec', ['sh', '-c', 'echo "$1" >> "$0"', join(at, 'ledger'), line]);

/** Each effect is a line in a ledger; `guarded` may come only after two people agreed. */
function life(at: string): Scenario {
  const ways = [
    { name: 'left', steps: [write(at, 'left')] },
    { name: 'right', steps: [stepOf('rebuild', 'call', { scenario: 'inner', with: { word: '${steps.count.n}' } })] },
  ];
  return scenarioOf(
    stepOf('consent', 'approve', { by: ['lead'], count: 2 }),
    write(at, 'guarded'),
    stepOf('count', 'manual', { do: 'Count', asks: { n: { type: 'number' } } }),
    stepOf('way', 'choose', { question: 'Which?', options: {} }, { options: ways }),
    stepOf('pause', 'wait', '1ms'),
    write(at, 'last'),
  );
}

export const effectsIn = (at: string): string[] => linesIn(join(at, 'ledger'));

/** Lives on from wherever it is, and answers as people would who look into the ledger. */
export async function liveOn(bench: Bench): Promise<RunResult> {
  const { environment, tools, folder: at } = bench;
  const run = '01kankilledlife00000000000';
  let result = listRuns(bench.journal)[0];
  result ??= await runProcedure({
    run,
    scenario: life(at),
    environment,
    mode: 'real',
    tools,
    incident: brokeNow(),
    by: { as: 'duty', user: 'operator' },
  });
  for (let round = 0; result.verdict !== 'done' && round < roundsMax; round += 1) {
    const doubt = result.questions.find(({ asks }) => asks === undefined);
    for (const { asks } of result.questions) {
      const person = { run, user: 'account' };
      if (asks?.word === 'approve') {
        say(bench.workspace, { ...person, word: 'approve', as: 'lead' });
        say(bench.workspace, { ...person, word: 'approve', as: 'boss' });
      }
      if (asks?.word === 'attest') say(bench.workspace, { ...person, word: 'attest', as: 'boss', inputs: { n: '7' } });
      if (asks?.word === 'choose') say(bench.workspace, { ...person, word: 'choose', as: 'boss', option: 'right' });
    }
    const line = doubt?.step === 'rebuild.inside' ? 'n7' : doubt?.step;
    const is = effectsIn(at).includes(line ?? '') ? 'done' : 'again';
    const answer = doubt === undefined ? {} : { answer: { step: doubt.step, is, by: 'duty' } as const };
    result = await resumeRun({ run, environment, tools, ...answer });
  }
  return result;
}

if (process.argv[1] !== undefined && script.endsWith('killed-life.ts')) {
  const bench = lifeOf(folder);
  const workspace = { ...bench.workspace, journal: deadlyJournal(bench.journal, Number(call), when) };
  await liveOn({ ...bench, workspace, tools: { ...bench.tools, workspace } });
  bench.close();
}
