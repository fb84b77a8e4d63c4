import { expect, it } from 'vitest';
import type { RunResult, StepReport } from '../../procedures/index.ts';
import { createOutput } from '../output.ts';
import { showRunOn } from './show-run.ts';

const shown = (run: RunResult): string => {
  let text = '';
  const stream = { write: (piece: string) => void (text += piece), isTTY: false, columns: 100 };
  showRunOn(createOutput({ stream, silent: false, environment: {}, beforeLine: () => {} }), run);
  return text.replaceAll('\u00A0', ' '); // figures and their units stay together
};
const step = (id: string, more: Partial<StepReport>): StepReport => ({
  id,
  kind: 'exec',
  title: `does ${id}`,
  state: 'done',
  startedMs: 0,
  finishedMs: 8000,
  seconds: 8,
  attempts: 1,
  summary: '',
  budgetMs: undefined,
  overBudget: false,
  outputs: {},
  ...more,
});
const part = 0;
const failed: RunResult = {
  run: 'r1',
  scenario: 'lost',
  mode: 'real',
  environment: 'production',
  verdict: 'failed',
  startedMs: 0,
  finishedMs: 8000,
  seconds: 8,
  incident: { impactMs: 0, declaredMs: 0, lastGoodMs: 0 },
  rto: {
    detectMs: part,
    decideMs: part,
    executeMs: 8000,
    verifyMs: part,
    waitingForPeopleMs: part,
    waitingForWindowMs: part,
    totalMs: 8000,
  },
  steps: [
    step('settle', { budgetMs: 5000, overBudget: true }),
    step('turn', { state: 'failed', hint: 'Look at the proxy.' }),
  ],
  reason: { code: 'step.failed', message: 'turn: it is red' },
  questions: [],
  requester: undefined,
  resumed: 0,
  unexercised: [],
  plan: { name: 'shop', hash: 'abcdef' },
  scenarioHash: 'hash',
  tool: 'lifeboat',
  host: 'here',
};

it('a run that failed says what to type next, and which step took longer than its budget, also without colours', () => {
  const text = shown(failed);
  expect(text).toMatch(/settle +done +8\.0 s +over 5\.0 s/);
  for (const words of ['hint for turn: Look at the proxy.', 'lifeboat run resume r1\n', 'lifeboat run rollback r1 '])
    expect(text).toContain(words);
});

it('a runner that lost its hold says once who to look for, and how it goes on', () => {
  const hint = 'See who acts: lifeboat runs.';
  const lost = { code: 'run.lease_lost', message: 'turn: this runner no longer holds its target', hint };
  const steps = ['one', 'two'].map((id) => step(id, { state: 'interrupted', hint }));
  const text = shown({ ...failed, verdict: 'needs-human', steps, reason: lost });
  expect(text.split(hint)).toHaveLength(2);
  expect(text).toContain('lifeboat run resume r1\n');
});

it('nothing is to be typed for what is done, was taken back, or was a drill', () => {
  const rolledBack = { rollback: { run: 'r2', verdict: 'done' as const } };
  for (const more of [{ verdict: 'done' as const }, rolledBack, { mode: 'drill' as const }])
    expect(shown({ ...failed, ...more })).not.toContain('run resume');
});
