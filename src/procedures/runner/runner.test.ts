import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, systemClock } from '../../core/index.ts';
import { runProcedure, type RunResult } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.close());

const run = (...steps: readonly StepDeclaration[]): Promise<RunResult> => runOf(scenarioOf(...steps));
const runOf = (scenario: Scenario, signal?: AbortSignal): Promise<RunResult> =>
  runProcedure({
    scenario,
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
    ...(signal === undefined ? {} : { signal }),
  });
const echo = (id: string, ...words: string[]): StepDeclaration => stepOf(id, 'exec', ['echo', ...words]);
const states = ({ steps }: RunResult): Record<string, string> =>
  Object.fromEntries(steps.map(({ id, state }) => [id, state]));

describe('a procedure', () => {
  it('runs its steps in order and hands the outputs of one to the next', async () => {
    const result = await run(echo('first', 'water'), echo('second', '${steps.first.stdout}', 'and land'));
    expect(result.verdict).toBe('done');
    expect(result.steps[1]?.outputs['stdout']).toBe('water and land');
    expect(result.steps.map(({ attempts }) => attempts)).toEqual([1, 1]);
  });

  it('stops at the first failure: later steps never begin', async () => {
    const result = await run(echo('first'), stepOf('second', 'exec', ['false']), echo('third'));
    expect(result.verdict).toBe('failed');
    expect(states(result)).toEqual({ first: 'done', second: 'failed', third: 'pending' });
    expect(result.steps[1]?.summary).toContain('exit code 1');
  });

  it('leaves out a step whose `if` is false and goes on', async () => {
    const left = stepOf('left', 'exec', ['false'], { if: '${!environment.protected}' });
    const result = await run(left, echo('next'));
    expect(result.verdict).toBe('done');
    expect(states(result)).toEqual({ left: 'skipped', next: 'done' });
  });

  it('fails a step whose `${…}` names nothing, before it acts', async () => {
    const result = await run(echo('first', '${steps.nowhere.url}'));
    expect(result.verdict).toBe('failed');
    expect(result.steps[0]?.code).toBe('expression.invalid');
    expect(result.steps[0]?.attempts).toBe(0);
  });

  it('starts steps of a parallel together and waits for all of them', async () => {
    // Each of them ends only when all three have begun.
    const script = 'touch "$0/begun-$1"; while [ "$(ls "$0" | grep -c begun-)" -lt 3 ]; do sleep 0.05; done';
    const steps = ['a', 'b', 'c'].map((id) => stepOf(id, 'exec', ['sh', '-c', script, bench.folder, id]));
    const result = await run(stepOf('all', 'parallel', [1, 2, 3], { steps }), echo('after'));
    expect(result.verdict).toBe('done');
    const [, ...inside] = result.steps;
    const lastEnd = Math.max(...inside.slice(0, 3).map(({ finishedMs }) => finishedMs ?? Infinity));
    expect(inside[3]?.startedMs).toBeGreaterThanOrEqual(lastEnd);
  });

  it('keeps the limit of a parallel', async () => {
    const file = join(bench.folder, 'ledger');
    const script = 'echo + >> "$0"; sleep 0.15; echo - >> "$0"';
    const steps = ['a', 'b', 'c', 'd'].map((id) => stepOf(id, 'exec', ['sh', '-c', script, file]));
    const result = await run(stepOf('all', 'parallel', { steps: [1], limit: 2 }, { steps }));
    expect(result.verdict).toBe('done');
    let at = 0;
    const most = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((sign) => (at += sign === '+' ? 1 : -1));
    expect(Math.max(...most)).toBe(2);
  });

  it('lets running neighbours of a failed step end, but starts nothing new', async () => {
    const steps = [
      stepOf('bad', 'exec', ['sh', '-c', 'sleep 0.1; exit 3']),
      stepOf('slow', 'exec', ['sleep', '0.4']),
      stepOf('later', 'exec', ['true'], { needs: ['slow'] }),
    ];
    const result = await run(stepOf('all', 'parallel', [1, 2], { steps }), echo('after'));
    expect(states(result)).toMatchObject({
      bad: 'failed',
      slow: 'done',
      later: 'pending',
      after: 'pending',
      all: 'failed',
    });
  });

  it('goes by `needs` instead of the order in which steps stand', async () => {
    const result = await run(
      stepOf('slow', 'exec', ['sleep', '0.5']),
      stepOf('free', 'exec', ['true'], { needs: [] }),
      stepOf('last', 'exec', ['true'], { needs: ['slow', 'free'] }),
    );
    const [slow, free, last] = result.steps;
    expect(free?.finishedMs).toBeLessThan(slow?.finishedMs ?? 0);
    expect(last?.startedMs).toBeGreaterThanOrEqual(slow?.finishedMs ?? Infinity);
  });

  it('refuses needs that look forward or around: nothing could ever start', async () => {
    await expect(run(stepOf('a', 'exec', ['true'], { needs: ['b'] }), echo('b'))).rejects.toMatchObject({
      code: 'plan.unknown_name',
    });
    const inner = stepOf('inner', 'exec', ['true'], { needs: ['group'] });
    await expect(run(stepOf('group', 'parallel', [1], { steps: [inner] }))).rejects.toMatchObject({
      code: 'plan.unknown_name',
    });
    expect(bench.journal.records()).toEqual([]);
  });

  it('answers for the steps inside a parallel that was left out', async () => {
    const group = stepOf('group', 'parallel', [1], { steps: [echo('inner')], if: '${false}' });
    const result = await run(group, stepOf('next', 'exec', ['true'], { needs: ['inner'] }));
    expect(result.verdict).toBe('done');
    expect(states(result)).toMatchObject({ group: 'skipped', inner: 'pending', next: 'done' });
  });

  it('tries again as often as the step says, and counts the attempts', async () => {
    const file = join(bench.folder, 'tries');
    const flaky = stepOf('flaky', 'exec', ['sh', '-c', 'echo x >> "$0"; test $(wc -l < "$0") -ge 3', file], {
      retry: { times: 3, pauseMs: 5 },
    });
    const result = await run(flaky);
    expect(result.verdict).toBe('done');
    expect(result.steps[0]?.attempts).toBe(3);
    expect(bench.journal.records({ kinds: ['step.started'] })).toHaveLength(3);
  });

  it('ends a step that takes longer than its timeout, and leaves no grandchild', async () => {
    const file = join(bench.folder, 'grandchild');
    const script = 'sleep 60 & echo $! > "$0"; wait';
    const result = await run(
      stepOf('slow', 'exec', { run: ['sh', '-c', script, file] }, { timeoutMs: 400 }),
      echo('after'),
    );
    expect(result.verdict).toBe('failed');
    expect(result.steps[0]?.code).toBe('step.timeout');
    expect(isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
    expect(states(result)['after']).toBe('pending');
  });

  it('says when a step took longer than its budget, and goes on', async () => {
    const result = await run(stepOf('slow', 'exec', ['sleep', '0.2'], { budgetMs: 50 }), echo('after'));
    expect(result.verdict).toBe('done');
    expect(result.steps.map(({ overBudget }) => overBudget)).toEqual([true, false]);
  });

  it('stops on request and says that it was cancelled', async () => {
    const stop = new AbortController();
    const running = runOf(scenarioOf(stepOf('slow', 'exec', ['sleep', '30']), echo('after')), stop.signal);
    await systemClock.sleep(200);
    stop.abort();
    const result = await running;
    expect(result.verdict).toBe('cancelled');
    expect(states(result)).toEqual({ slow: 'cancelled', after: 'pending' });
  });

  it('writes `started` before the act and `finished` after it', async () => {
    await run(echo('only', 'x'));
    expect(bench.journal.records().map(({ kind }) => kind)).toEqual([
      'run.started',
      'step.started',
      'step.finished',
      'run.finished',
    ]);
    bench.journal.verify();
  });

  it('gives programs a clean environment and no shell', async () => {
    process.env['BENCH_LEAK'] = 'leaked-value';
    const result = await run(stepOf('env', 'exec', ['env']), echo('words', '$HOME; rm -rf /'));
    delete process.env['BENCH_LEAK'];
    expect(String(result.steps[0]?.outputs['stdout'])).not.toContain('leaked-value');
    expect(result.steps[1]?.outputs['stdout']).toBe('$HOME; rm -rf /');
  });

  it('never shows a secret: not in outputs, not in the record, not on the way', async () => {
    process.env['BENCH_SECRET'] = 'hunter2hunter2';
    const lines: string[] = [];
    const tools = { ...bench.tools, output: (_: string, line: string) => void lines.push(line) };
    const tell = stepOf('tell', 'exec', {
      run: ['sh', '-c', 'echo token=$TOKEN'],
      env: { TOKEN: { env: 'BENCH_SECRET' } },
    });
    await runProcedure({
      scenario: scenarioOf(tell),
      environment: bench.environment,
      mode: 'real',
      tools,
      incident: brokeNow(),
    });
    expect(lines).toEqual(['token=[secret]']);
    expect(JSON.stringify(bench.journal.records())).not.toContain('hunter2');
    expect(readFileSync(join(bench.folder, 'state/journal.db'), 'latin1')).not.toContain('hunter2');
  });

  it('lets only one runner act on a run of a scenario at a time', async () => {
    const first = run(stepOf('slow', 'exec', ['sleep', '0.5']));
    await systemClock.sleep(100);
    const second = await run(echo('x')).catch((error: unknown) => error as { code: string; message: string });
    const { run: acts, verdict } = await first;
    expect([second, verdict]).toMatchObject([{ code: 'run.held' }, 'done']);
    expect('message' in second ? second.message : '').toContain(
      `acts on the environment production: run ${acts}, process`,
    );
  });

  it('tells through a channel with a key that stays the same', async () => {
    const result = await run(stepOf('tell', 'notify', { channel: 'ops', text: 'back' }));
    expect(bench.messages).toEqual([
      { key: `${result.run}/tell`, channel: 'ops', subject: 'tell (production)', body: 'back' },
    ]);
  });

  it('cuts its time at its records: the parts of the clock add up to the whole', async () => {
    const before = systemClock.now() - 5000;
    const result = await runProcedure({
      scenario: scenarioOf(stepOf('act', 'exec', ['sleep', '0.2']), stepOf('look', 'wait', '300ms')),
      environment: bench.environment,
      mode: 'real',
      tools: bench.tools,
      incident: { impactMs: before, declaredMs: before + 2000, lastGoodMs: before },
    });
    const { detectMs, decideMs, executeMs, verifyMs, waitingForPeopleMs, totalMs } = result.rto;
    expect(detectMs).toBe(2000);
    expect(decideMs).toBeGreaterThanOrEqual(3000);
    expect(executeMs).toBeGreaterThanOrEqual(200);
    expect(verifyMs).toBeGreaterThanOrEqual(299);
    expect(detectMs + decideMs + executeMs + verifyMs + waitingForPeopleMs).toBe(totalMs);
  });
});
