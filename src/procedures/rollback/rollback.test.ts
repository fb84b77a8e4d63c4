import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StepDeclaration } from '../../plan/index.ts';
import {
  cancelRun,
  resumeRun,
  rollbackRun,
  runProcedure,
  say,
  showRun,
  type RunResult,
  type StepKind,
} from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';

/** A real pointer: a file, of which the old value is kept in the record; it can be turned back, and looked at. */
const turn: StepKind<{ file: string; to: string }> = {
  kind: 'turn',
  schema: z.strictObject({ file: z.string(), to: z.string() }),
  destructive: true,
  title: ({ to }) => `turn to ${to}`,
  describe: async () => ({ certainty: 'predicted', text: '' }),
  run: async ({ settings: { file, to } }, context) => {
    const before = readFileSync(file, 'utf8');
    context.remember({ before });
    writeFileSync(file, to);
    return { state: 'done', outputs: { before }, summary: `turned to ${to}` };
  },
  undo: async ({ settings: { file }, remembered }) => {
    if (sticks) return { state: 'failed', code: 'step.failed', summary: 'it sticks' };
    writeFileSync(file, String(remembered['before']));
    return { state: 'done', outputs: {}, summary: 'turned back' };
  },
  prove: async ({ settings: { file, to }, remembered }, _, is) => {
    const seen = readFileSync(file, 'utf8');
    const wanted = is === 'done' ? to : remembered['before'];
    return { state: seen === wanted ? 'proved' : 'refuted', text: `the file says ${seen}` };
  },
};

let bench: Bench;
let sticks = false;
let file = '';
beforeEach(() => {
  sticks = false;
  const contacts = new Map([['duty', { role: 'on_call' }]]);
  bench = makeBench({ kinds: [turn as unknown as StepKind], plan: { contacts } });
  file = join(bench.folder, 'pointer');
  writeFileSync(file, 'old');
});
afterEach(() => bench.close());

const run = (...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });
const back = ({ run: id }: RunResult): Promise<RunResult> =>
  rollbackRun({ run: id, environment: bench.environment, tools: bench.tools, by: { as: 'duty', user: 'operator' } });
const resume = ({ run: id }: RunResult): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools });
const turned = (id: string, to: string): StepDeclaration => stepOf(id, 'turn', { file, to });
const words = ({ steps }: RunResult): string[] => steps.map(({ id, state }) => `${id} ${state}`);

describe('a rollback', () => {
  it('takes back what acted, the last first, each proved, and leaves what changed nothing', async () => {
    const done = await run(turned('one', 'b'), stepOf('pause', 'wait', '1ms'), turned('two', 'c'));
    const result = await back(done);
    expect(result).toMatchObject({ verdict: 'done', undoes: { run: done.run, leaves: [{ step: 'pause' }] } });
    expect(words(result)).toEqual(['undo_two done', 'undo_one done']);
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(showRun(bench.journal, done.run).rollback).toEqual({ run: result.run, verdict: 'done' });
    await expect(resume(done)).rejects.toMatchObject({ code: 'run.not_resumable' });
    await expect(back(done)).rejects.toMatchObject({ code: 'run.not_resumable' });
    await expect(back(result)).rejects.toMatchObject({ code: 'run.not_resumable' });
  });

  it('stops where an undo fails, takes nothing earlier back, and goes on when it can', async () => {
    const done = await run(turned('one', 'b'), turned('two', 'c'));
    sticks = true;
    const stuck = await back(done);
    expect([stuck.verdict, ...words(stuck)]).toEqual(['failed', 'undo_two failed', 'undo_one pending']);
    sticks = false;
    expect((await resume(stuck)).verdict).toBe('done');
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  it('takes back a step that failed, for it may have acted', async () => {
    const failed = await run(
      turned('one', 'b'),
      stepOf('bad', 'exec', ['sh', '-c', 'echo c > "$0"; exit 1', file], {
        undoBy: stepOf('back', 'exec', ['sh', '-c', 'printf b > "$0"', file], {
          verify: [{ kind: 'file', settings: { path: file } }],
        }),
      }),
    );
    expect(failed.verdict).toBe('failed');
    const result = await back(failed);
    expect(words(result)).toEqual(['undo_bad done', 'undo_one done']);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  it('runs the step that the plan gives, with what the run knew, and asks a person where nothing proves it', async () => {
    const trace = join(bench.folder, 'trace');
    const done = await run(
      stepOf('name', 'exec', ['echo', 'north'], { destructive: false }),
      stepOf('act', 'exec', ['true'], {
        undoBy: stepOf('back', 'exec', ['sh', '-c', 'echo "$1" > "$0"', trace, '${steps.name.stdout}']),
      }),
    );
    const asked = await back(done);
    expect([asked.verdict, ...words(asked)]).toEqual(['needs-human', 'undo_act done', 'undo_act_seen needs-human']);
    expect(readFileSync(trace, 'utf8')).toBe('north\n');
    say(bench.workspace, { run: asked.run, word: 'attest', as: 'duty', user: 'account' });
    expect((await resume(asked)).verdict).toBe('done');
  });

  it('asks a person for what has no undo, in the words of the plan', async () => {
    const done = await run(
      stepOf('plain', 'exec', ['true']),
      stepOf('told', 'exec', ['true'], { undo: 'kubectl rollout undo ${DEPLOYMENT}' }),
    );
    const first = await back(done);
    expect(first.questions[0]?.question).toContain('kubectl rollout undo ${DEPLOYMENT}');
    say(bench.workspace, { run: first.run, word: 'attest', as: 'duty', user: 'account' });
    const second = await resume(first);
    expect(second.questions).toMatchObject([{ step: 'undo_plain', asks: { word: 'attest' } }]);
  });

  it('is refused for a run that did nothing, and while a runner acts on it', async () => {
    const nothing = await run(stepOf('bad', 'exec', ['${steps.nobody.x}']));
    await expect(back(nothing)).rejects.toMatchObject({ code: 'run.not_resumable' });
    const slow = run(turned('one', 'b'), stepOf('slow', 'exec', ['sleep', '0.4']));
    await bench.workspace.clock.sleep(150);
    const [record] = bench.journal.records({ kinds: ['run.started'] }).slice(-1);
    await expect(back({ run: record?.run } as RunResult)).rejects.toMatchObject({ code: 'run.held' });
    expect((await slow).verdict).toBe('done');
  });

  it('that was cancelled makes room for another one, and is not gone on with behind that', async () => {
    const done = await run(turned('one', 'b'));
    sticks = true;
    const first = await back(done);
    expect(first.verdict).toBe('failed');
    await expect(back(done)).rejects.toMatchObject({ code: 'run.not_resumable' });
    cancelRun(bench.workspace, { run: first.run, by: { as: 'duty', user: 'operator' } });
    sticks = false;
    const second = await back(done);
    expect(second.verdict).toBe('done');
    writeFileSync(file, 'turned again since');
    await expect(resume(first)).rejects.toMatchObject({ code: 'run.not_resumable' });
    expect(readFileSync(file, 'utf8')).toBe('turned again since');
  });

  it('of which two begin at once is begun by one: the other asks again when it holds the place', async () => {
    const done = await run(turned('one', 'b'));
    // Another runner takes it back, from its first record to its last, in the moment after this one has looked.
    const { journal } = bench;
    const records = journal.records.bind(journal);
    let looks = 0;
    journal.records = (filter) => {
      const seen = records(filter);
      if (filter?.run === done.run && (looks += 1) === 1)
        journal.append('run.rollback', { run: 'another', verdict: 'done' }, { run: done.run });
      return seen;
    };
    writeFileSync(file, 'old');
    await expect(back(done)).rejects.toMatchObject({
      code: 'run.not_resumable',
      message: expect.stringMatching('another'),
    });
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(records({ kinds: ['run.started'] })).toHaveLength(1);
  });

  it('takes back what a called scenario did, with the names that it had there', async () => {
    const trace = join(bench.folder, 'trace');
    const act = stepOf('act', 'exec', ['echo', '${parameters.word}'], {
      undoBy: stepOf('back', 'exec', [
        'sh',
        '-c',
        'echo "$1" "$2" > "$0"',
        trace,
        '${parameters.word}',
        '${steps.act.stdout}',
      ]),
    });
    const inner = { ...scenarioOf(act), name: 'inner', parameters: new Map([['word', { type: 'text' as const }]]) };
    (bench.workspace.plan.scenarios as Map<string, typeof inner>).set('inner', inner);
    const done = await run(stepOf('rebuild', 'call', { scenario: 'inner', with: { word: 'east' } }));
    const result = await back(done);
    expect(words(result)[0]).toBe('undo_rebuild__act done');
    expect(readFileSync(trace, 'utf8')).toBe('east east\n');
  });
});

describe('what stands beside a step', () => {
  const fileThere = (path: string) => ({ kind: 'file', settings: { path } });

  it('`guard` keeps it from acting until it is green', async () => {
    const [wanted, made] = [join(bench.folder, 'wanted'), join(bench.folder, 'made')];
    const stopped = await run(stepOf('act', 'exec', ['touch', made], { guard: [fileThere(wanted)] }));
    expect(stopped.steps[0]).toMatchObject({ state: 'failed', code: 'step.guarded', attempts: 0 });
    expect(existsSync(made)).toBe(false);
    writeFileSync(wanted, '');
    expect((await resume(stopped)).verdict).toBe('done');
    expect(existsSync(made)).toBe(true);
  });

  it('`verify` fails a step that ended well and did nothing, and a resume looks again instead of acting again', async () => {
    const [ledger, seen] = [join(bench.folder, 'ledger'), join(bench.folder, 'seen')];
    const act = stepOf('act', 'exec', ['sh', '-c', 'echo x >> "$0"', ledger], {
      verify: [fileThere('${steps.act.stdout}' + seen)],
      retry: { times: 2, pauseMs: 5 },
    });
    const red = await run(act);
    expect(red.steps[0]).toMatchObject({ state: 'failed', code: 'check.failed', attempts: 1 });
    writeFileSync(seen, '');
    expect((await resume(red)).verdict).toBe('done');
    expect(readFileSync(ledger, 'utf8')).toBe('x\n');
  });

  it('a kind that can prove what it did is believed only when it is proved', async () => {
    const lying = {
      ...turn,
      run: async () => ({ state: 'done', outputs: {}, summary: 'as if' }),
    } as unknown as StepKind;
    bench.close();
    bench = makeBench({ kinds: [lying] });
    file = join(bench.folder, 'pointer');
    writeFileSync(file, 'old');
    expect((await run(turned('one', 'b'))).steps[0]).toMatchObject({
      state: 'failed',
      summary: 'it acted, but the file says old',
    });
  });
});
