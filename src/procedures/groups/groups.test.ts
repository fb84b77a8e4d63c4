import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import { describeProcedure, expandCalls, resumeRun, runProcedure, say, type RunResult } from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { linesIn } from '../../testing/lines.ts';

let bench: Bench;
afterEach(() => bench.close());

const named = (name: string, steps: readonly StepDeclaration[], more: Partial<Scenario> = {}): Scenario => ({
  ...scenarioOf(...steps),
  name,
  ...more,
});
/** What the plan of the bench has; may be changed in a test. */
let scenarios: Map<string, Scenario>;
const withScenarios = (...added: readonly Scenario[]): void => {
  for (const one of added) scenarios.set(one.name, one);
};
beforeEach(() => {
  scenarios = new Map();
  bench = makeBench({ plan: { contacts: new Map([['duty', { role: 'on_call' }]]), scenarios } });
});

const runIn = (mode: 'real' | 'drill', ...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: { ...environmentIn(bench.folder), ephemeral: mode === 'drill' },
    mode,
    tools: bench.tools,
    incident: brokeNow(),
  });
const run = (...steps: readonly StepDeclaration[]): Promise<RunResult> => runIn('real', ...steps);
const resume = ({ run: id }: RunResult): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools });
const states = ({ steps }: RunResult): Record<string, string> =>
  Object.fromEntries(steps.map(({ id, state }) => [id, state]));
/** Leaves a line in a ledger. */
const mark = (id: string, line = id): StepDeclaration =>
  stepOf(id, 'exec', ['sh', '-c', 'echo "$1" >> "$0"; echo "$1"', join(bench.folder, 'ledger'), line]);
const ledger = (): string[] => linesIn(join(bench.folder, 'ledger'));

const choose = (options: Record<string, { if?: string; call?: string; steps?: StepDeclaration[] }>): StepDeclaration =>
  stepOf(
    'way',
    'choose',
    { question: 'What brings it back?', by: ['on_call'], options: {} },
    { options: Object.entries(options).map(([name, { steps = [], ...more }]) => ({ name, steps, ...more })) },
  );

describe('choose', () => {
  it('goes by the facts where each way has an `if` and one holds', async () => {
    const result = await run(
      choose({
        here: { if: '${environment.protected}', steps: [mark('one'), mark('two')] },
        there: { if: '${!environment.protected}', steps: [mark('other')] },
      }),
      mark('after', '${steps.way.chosen}'),
    );
    expect(result.verdict).toBe('done');
    expect(states(result)).toEqual({ way: 'done', one: 'done', two: 'done', other: 'skipped', after: 'done' });
    expect(ledger()).toEqual(['one', 'two', 'here']);
  });

  it('asks where people decide, goes the way they chose, and never another one', async () => {
    const waiting = await run(
      choose({ restart: { steps: [mark('again')] }, restore: { steps: [mark('back')] } }),
      mark('after'),
    );
    expect(waiting).toMatchObject({
      verdict: 'needs-human',
      questions: [{ step: 'way', asks: { word: 'choose', options: ['restart', 'restore'] } }],
    });
    const speak = (option: string): unknown =>
      say(bench.workspace, { run: waiting.run, word: 'choose', as: 'duty', user: 'x', option });
    expect(() => speak('pray')).toThrow(expect.objectContaining({ code: 'input.flag' }));
    speak('restore');
    const done = await resume(waiting);
    expect(states(done)).toEqual({ way: 'done', again: 'skipped', back: 'done', after: 'done' });
    expect(done.steps[0]?.summary).toBe('duty chose restore');
    expect(ledger()).toEqual(['back', 'after']);
  });

  it('does not offer what the facts exclude, and fails where no way fits', async () => {
    const waiting = await run(choose({ no: { if: '${false}' }, yes: {}, also: { if: '${true}' } }));
    expect(waiting.questions[0]?.asks?.options).toEqual(['yes', 'also']);
    const lost = await run(choose({ no: { if: '${false}' } }));
    expect(lost.steps[0]).toMatchObject({ state: 'failed', code: 'step.failed' });
  });

  it('stays on the way that was begun when the run is gone on with, whatever the facts say then', async () => {
    const flag = join(bench.folder, 'flag');
    const halting = stepOf('halt', 'exec', { run: ['test', '-e', flag], repeatable: true });
    const seen = stepOf('seen', 'exec', ['echo', 'yes']);
    const way = choose({
      a: { if: '${steps.seen.stdout == "yes"}', steps: [mark('a1'), halting, mark('a2')] },
      b: { if: '${steps.seen.stdout != "yes"}', steps: [mark('b1')] },
    });
    const failed = await run(seen, way);
    expect(failed.verdict).toBe('failed');
    // The journal of another machine, or a person, may have changed what was seen; the way is taken from its own record.
    bench.journal.append(
      'step.finished',
      { step: 'seen', kind: 'exec', attempt: 1, state: 'done', summary: '', outputs: { stdout: 'no' }, redacted: [] },
      { run: failed.run },
    );
    writeFileSync(flag, '');
    const done = await resume(failed);
    expect(done.verdict).toBe('done');
    expect(ledger()).toEqual(['a1', 'a2']);
  });

  it('of people fails in a drill, which asks nobody', async () => {
    const drilled = await runIn('drill', choose({ a: {}, b: {} }));
    expect(drilled.steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('drill') });
  });

  it('takes texts as ways, for later steps to read', async () => {
    const texts = stepOf('way', 'choose', { question: 'Which?', options: ['left', 'right'] });
    const waiting = await run(texts, mark('went', '${steps.way.chosen}'));
    say(bench.workspace, { run: waiting.run, word: 'choose', as: 'duty', user: 'x', option: 'left' });
    expect((await resume(waiting)).verdict).toBe('done');
    expect(ledger()).toEqual(['left']);
  });
});

describe('call', () => {
  const parameters = new Map([
    ['word', { type: 'text' as const }],
    ['other', { type: 'text' as const, default: 'fallback' }],
  ]);
  const called = (): Scenario =>
    named(
      'inner',
      [
        mark('first', '${parameters.word}/${parameters.other}/${scenario.name}'),
        { ...mark('second', '${steps.first.stdout}!'), needs: ['first'] },
      ],
      { parameters },
    );

  it('runs the steps of another scenario as they stand there, with its own names', async () => {
    withScenarios(called());
    const result = await run(
      stepOf('first', 'exec', ['echo', 'given']),
      stepOf('rebuild', 'call', { scenario: 'inner', with: { word: '${steps.first.stdout}' } }),
      mark('after', '${steps.rebuild.second.stdout}'),
    );
    expect(states(result)).toEqual({
      first: 'done',
      rebuild: 'done',
      'rebuild.first': 'done',
      'rebuild.second': 'done',
      after: 'done',
    });
    expect(ledger()).toEqual(['given/fallback/inner', 'given/fallback/inner!', 'given/fallback/inner!']);
  });

  it('goes on with what was called when the run began, and with what it was given', async () => {
    withScenarios(called());
    const flag = join(bench.folder, 'flag');
    const inner = called();
    const halting = stepOf('halt', 'exec', { run: ['test', '-e', flag], repeatable: true });
    scenarios.set('inner', {
      ...inner,
      steps: [inner.steps[0] as StepDeclaration, halting, { ...(inner.steps[1] as StepDeclaration), needs: undefined }],
    });
    const failed = await run(stepOf('rebuild', 'call', { scenario: 'inner', with: { word: 'w' } }));
    expect(states(failed)).toMatchObject({ rebuild: 'failed', 'rebuild.halt': 'failed', 'rebuild.second': 'pending' });
    scenarios.clear();
    writeFileSync(flag, '');
    expect((await resume(failed)).verdict).toBe('done');
    expect(ledger()).toEqual(['w/fallback/inner', 'w/fallback/inner!']);
  });

  it('calls through others, twice the same, and as a way of a choice', async () => {
    withScenarios(named('inner', [mark('one', '${scenario.name}')]));
    const middle = named('middle', [stepOf('a', 'call', 'inner'), stepOf('b', 'call', { scenario: 'inner' })]);
    scenarios.set('middle', middle);
    const result = await run(choose({ only: { if: '${true}', call: 'middle' } }));
    expect(result.verdict).toBe('done');
    expect(Object.keys(states(result))).toEqual([
      'way',
      'way.only.a',
      'way.only.a.one',
      'way.only.b',
      'way.only.b.one',
    ]);
    expect(ledger()).toEqual(['inner', 'inner']);
  });

  it.each([
    ['a scenario that is not there', 'nowhere', 'plan.unknown_name'],
    ['itself through another', 'round', 'plan.invalid'],
    ['a parameter that the scenario has not', { scenario: 'plain', with: { x: 1 } }, 'plan.unknown_name'],
    ['what has a promise that nothing keeps', 'promising', 'plan.not_executable'],
  ])('refuses to begin with %s', async (_, settings, code) => {
    withScenarios(
      named('round', [stepOf('back', 'call', 'round')]),
      named('plain', [stepOf('x', 'exec', ['true'])]),
      named('promising', [stepOf('x', 'exec', ['true'])], { success: [{ kind: 'workloads', settings: {} }] }),
    );
    await expect(run(stepOf('go', 'call', settings))).rejects.toMatchObject({ code });
    expect(bench.journal.records()).toEqual([]);
  });

  it('cannot grow without end', () => {
    const levels = Array.from({ length: 14 }, (_, level) =>
      named(`l${level}`, [stepOf('a', 'call', `l${level + 1}`), stepOf('b', 'call', `l${level + 1}`)]),
    );
    const all = new Map([...levels, named('l14', [stepOf('x', 'exec', ['true'])])].map((one) => [one.name, one]));
    expect(() => expandCalls(levels[0] as Scenario, { scenarios: all })).toThrow(
      expect.objectContaining({ code: 'limit.exceeded' }),
    );
  });
});

it('a dry run shows the steps of called scenarios and of each way, and is never surer than it can be', async () => {
  withScenarios(named('inner', [stepOf('pause', 'wait', '2s')]));
  const described = await describeProcedure({
    scenario: scenarioOf(
      stepOf('rebuild', 'call', 'inner'),
      choose({
        a: { steps: [stepOf('in_a', 'wait', '1s')] },
        b: { if: '${false}', steps: [stepOf('in_b', 'wait', '1s')] },
      }),
      stepOf('gone', 'parallel', {}, { if: '${false}', steps: [stepOf('inside', 'wait', '1s')] }),
    ),
    environment: bench.environment,
    tools: bench.tools,
    incident: brokeNow(),
  });
  expect(described.map(({ id, certainty, runs }) => [id, certainty, runs])).toEqual([
    ['rebuild', 'proved', true],
    ['rebuild.pause', 'proved', true],
    ['way', 'unknown', true],
    ['in_a', 'proved', true],
    ['in_b', 'proved', false],
    ['gone', 'proved', false],
    ['inside', 'proved', false],
  ]);
});
