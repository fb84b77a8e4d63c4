import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StepDeclaration } from '../../plan/index.ts';
import { resumeRun, runProcedure, type RunRequest, type RunResult, type RunnerTools } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.close());

const made = (): string => join(bench.folder, 'made');
const drop = (more: Partial<StepDeclaration> = {}): StepDeclaration =>
  stepOf('drop', 'exec', ['touch', made()], { destructive: true, ...more });
const run = (
  more: Partial<Pick<RunRequest, 'mode' | 'confirm' | 'tools'>> = {},
  ...steps: readonly StepDeclaration[]
): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...(steps.length === 0 ? [drop()] : steps)),
    environment: { ...bench.environment, ephemeral: more.mode === 'drill' },
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
    ...more,
  });
const resume = ({ run: id }: RunResult, confirm: readonly string[]): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools, confirm });
/** Whoever sits at the terminal types this; what they were asked is noted. */
const typing = (text: string | undefined, asked: string[] = []): RunnerTools => ({
  ...bench.tools,
  confirm: async ({ question }) => {
    asked.push(question);
    return text;
  },
});

describe('a step that the plan calls destructive', () => {
  it('does not act until somebody types its name, and says what would change', async () => {
    const waiting = await run();
    expect(waiting).toMatchObject({
      verdict: 'needs-human',
      questions: [{ step: 'drop', question: expect.stringContaining('change production'), asks: { word: 'confirm' } }],
      steps: [{ attempts: 0 }],
    });
    expect(existsSync(made())).toBe(false);
    expect((await resume(waiting, [])).verdict).toBe('needs-human');
    expect(existsSync(made())).toBe(false);
    expect((await resume(waiting, ['drop'])).verdict).toBe('done');
    expect(existsSync(made())).toBe(true);
  });

  it('acts when its name was typed beforehand, or at the terminal; any other word is none', async () => {
    const asked: string[] = [];
    const waiting = await run({ tools: typing('yes', asked) });
    expect([waiting.verdict, asked.length]).toEqual(['needs-human', 1]);
    expect(waiting.questions[0]?.question).toContain('What was typed was "yes"');
    expect((await run({ tools: typing(undefined) })).verdict).toBe('needs-human');
    expect(existsSync(made())).toBe(false);
    expect((await run({ tools: typing(' drop ') })).verdict).toBe('done');
    expect((await run({ confirm: ['drop'] })).verdict).toBe('done');
  });

  it('is asked about once, however often it is tried again and gone on with', async () => {
    const asked: string[] = [];
    const fails = stepOf('drop', 'exec', { run: ['test', '-e', made()], repeatable: true }, { destructive: true });
    const failed = await run({ tools: typing('drop', asked) }, { ...fails, retry: { times: 2, pauseMs: 1 } });
    expect([failed.verdict, failed.steps[0]?.attempts]).toEqual(['failed', 3]);
    expect((await resume(failed, [])).verdict).toBe('failed');
    expect(asked).toHaveLength(1);
  });

  it('is not asked about in a drill: what it destroys there is the bubble', async () => {
    expect((await run({ mode: 'drill', tools: typing('nothing') })).verdict).toBe('done');
  });

  it('may be a group, none of whose steps begins before', async () => {
    const group = stepOf('both', 'parallel', {}, { destructive: true, steps: [drop({ destructive: false })] });
    const waiting = await run({}, group);
    expect(waiting.steps.map(({ id, state }) => [id, state])).toEqual([
      ['both', 'needs-human'],
      ['drop', 'pending'],
    ]);
    expect((await resume(waiting, ['both'])).verdict).toBe('done');
    expect(existsSync(made())).toBe(true);
  });

  it('waits for people as long as they think: that time is theirs', async () => {
    const { clock } = bench.workspace;
    const slow: RunnerTools = { ...bench.tools, confirm: () => clock.sleep(300).then(() => 'drop') };
    const { rto } = await run({ tools: slow }, stepOf('first', 'exec', ['true']), drop());
    expect(rto.waitingForPeopleMs).toBeGreaterThanOrEqual(290);
  });
});

it('a name that no destructive step has is refused before anything acts', async () => {
  await expect(run({ confirm: ['drip'] })).rejects.toMatchObject({ code: 'input.flag', hint: 'These do: drop.' });
  expect(bench.journal.records()).toEqual([]);
});
