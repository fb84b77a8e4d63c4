import { assert as hold, integer, property } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../core/index.ts';
import { parseCalendar, type MaintenanceWindow, type StepDeclaration } from '../../plan/index.ts';
import { resumeRun, runProcedure, say, type RunResult } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { openIn } from './window.ts';

const hourMs = 3_600_000;
const noon = Date.parse('2026-11-21T12:00:00Z');
const daily = (at: string, forMs: number): MaintenanceWindow => ({
  every: [parseCalendar(`day at ${at}`, 'UTC')],
  forMs,
});
const windows = new Map<string, MaintenanceWindow>([
  ['now', daily('11:00', 2 * hourMs)],
  ['later', daily('22:00', hourMs)],
  ['never', { about: 'when it suits' }],
]);
const contacts = new Map([
  ['duty', { role: 'on_call' }],
  ['lead', { role: 'platform_lead' }],
]);

let bench: Bench;
/** It is noon when a test begins, and later when it says so. */
let startMs = 0;
const clock: Clock = { ...systemClock, now: () => noon + systemClock.now() - startMs };
beforeEach(() => {
  startMs = systemClock.now();
  bench = makeBench({ plan: { windows, contacts }, clock });
});
/**
 * A bench on whose clock it is so long before ten in the evening, however long a test takes to begin. Once the wait for the window is written down, who
 * sleeps until then finds it later at once; before, others that sleep beside the run must not use up the time.
 */
function shortlyBefore(beforeMs: number): { nowMs: () => number } {
  bench.close();
  const opensMs = Date.parse('2026-11-21T22:00:00Z');
  let nowMs = opensMs - beforeMs;
  const evening: Clock = {
    ...systemClock,
    now: () => nowMs,
    sleep: async (ms, signal) => {
      const isWaiting = bench.journal.records({ kinds: ['run.window'] }).length > 0;
      if (isWaiting && nowMs < opensMs) nowMs += ms;
      else await systemClock.sleep(ms, signal);
    },
  };
  bench = makeBench({ plan: { windows, contacts }, clock: evening });
  return { nowMs: () => nowMs };
}
afterEach(() => bench.close());

const inWindow = (window: string, more: Partial<StepDeclaration> = {}): StepDeclaration =>
  stepOf('swap', 'exec', ['true'], { window, ...more });
const run = (step: StepDeclaration, mode: 'real' | 'drill' = 'real'): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(step),
    environment: { ...bench.environment, ephemeral: mode === 'drill' },
    mode,
    tools: bench.tools,
    incident: brokeNow(bench.workspace.clock),
    by: { as: 'duty', user: 'operator' },
  });
const resume = ({ run: id }: RunResult): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools });

describe('a step with a window', () => {
  it('begins at once inside of it', async () => {
    expect((await run(inWindow('now'))).verdict).toBe('done');
  });

  it('waits for one that opens soon', async () => {
    const { nowMs } = shortlyBefore(40 * 60_000);
    expect((await run(inWindow('later'))).verdict).toBe('done');
    expect(nowMs()).toBeGreaterThanOrEqual(Date.parse('2026-11-21T22:00:00Z'));
    expect(bench.journal.records({ kinds: ['run.window'] })).toHaveLength(1);
  });

  it('that waits for its opening spends time of its own, neither executing nor deciding', async () => {
    shortlyBefore(40 * 60_000);
    const { rto } = await run(inWindow('later'));
    expect(rto.waitingForWindowMs).toBeGreaterThan(30 * 60_000);
    const parts = [rto.detectMs, rto.decideMs, rto.executeMs, rto.verifyMs, rto.waitingForPeopleMs];
    expect(parts.reduce((sum, part) => sum + part, rto.waitingForWindowMs)).toBe(rto.totalMs);
  });

  it('that is far away stops the run, which says when it opens and goes on inside of it', async () => {
    const waiting = await run(inWindow('later'));
    expect(waiting.verdict).toBe('needs-human');
    expect(waiting.questions[0]?.question).toContain('opens at 2026-11-21T22:00:00.000Z');
    expect((await resume(waiting)).verdict).toBe('needs-human');
    startMs -= 10 * hourMs;
    expect((await resume(waiting)).verdict).toBe('done');
  });

  it('acts outside of it only with the consent of somebody else than who started the run', async () => {
    const waiting = await run(inWindow('later'));
    const speak = (as: string): unknown =>
      say(bench.workspace, { run: waiting.run, as, word: 'approve', user: 'account' });
    expect(() => speak('duty')).toThrow(expect.objectContaining({ code: 'people.not_allowed' }));
    speak('lead');
    expect((await resume(waiting)).verdict).toBe('done');
  });

  it('that its budget does not fit into any more waits for the next opening', async () => {
    expect((await run(inWindow('now', { budgetMs: 2 * hourMs }))).questions[0]?.question).toContain('2026-11-22T11:00');
  });

  it('waits for nothing in a drill, and the evidence says that this was not exercised', async () => {
    const drilled = await run(inWindow('later'), 'drill');
    expect([drilled.verdict, drilled.unexercised]).toEqual(['done', ['swap would wait for the window later']]);
  });

  it.each([
    ['that never says when', 'never', 'plan.invalid'],
    ['that the plan has not', 'lost', 'plan.unknown_name'],
  ])('%s keeps the run from beginning', async (_, window, code) => {
    await expect(run(inWindow(window))).rejects.toMatchObject({ code });
    expect(bench.journal.records()).toEqual([]);
  });
});

it('an opening is either open now with the time that is needed left, or still to come', () => {
  const minuteMs = 60_000;
  const day = 24 * 60;
  hold(
    property(
      integer({ min: 0, max: 9 * day }),
      integer({ min: 1, max: day - 1 }),
      integer({ min: 0, max: 2 * day }),
      (at, long, needs) => {
        const nowMs = noon + at * minuteMs;
        const [forMs, needsMs] = [long * minuteMs, needs * minuteMs];
        const { fromMs, toMs } = openIn(daily('03:30', forMs), 'w', nowMs, needsMs);
        expect(toMs - fromMs).toBe(forMs);
        if (fromMs <= nowMs) expect(toMs - nowMs).toBeGreaterThanOrEqual(Math.min(needsMs, forMs));
        expect(fromMs - nowMs).toBeLessThanOrEqual(day * minuteMs);
      },
    ),
  );
});
