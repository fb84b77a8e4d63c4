import { expect, it } from 'vitest';
import type { RecoveryBriefing } from '../../app/index.ts';
import { createOutput } from '../output.ts';
import { showBriefing } from './show-briefing.ts';

const shown = (brief: RecoveryBriefing): string => {
  let text = '';
  const stream = { write: (piece: string) => void (text += piece), isTTY: false, columns: 100 };
  showBriefing(createOutput({ stream, silent: false, environment: {}, beforeLine: () => {} }), brief);
  return text.replaceAll('\u00A0', ' '); // figures and their units stay together
};
const atMs = Date.parse('2026-11-21T12:00:00Z');
const step = (id: string, more: object) => ({
  id,
  kind: 'exec',
  title: `does ${id}`,
  certainty: 'predicted' as const,
  text: `would do ${id}`,
  budgetMs: undefined,
  runs: true,
  ...more,
});
const brief: RecoveryBriefing = {
  scenario: 'lost',
  environment: 'production',
  atMs,
  at: '2026-11-21T12:00:00.000Z',
  steps: [
    step('turn', { budgetMs: 60_000, last: { run: 'r1', mode: 'drill', atMs, ms: 42_000 } }),
    step('other', { runs: false }),
    step('there', { in: 'far', window: 'the window quiet is open', certainty: 'unknown' }),
  ],
  certainty: { proved: 0, predicted: 1, unknown: 1 },
  budgetMs: 60_000,
  withoutBudget: ['there'],
  promisedMs: 900_000,
  promised: [{ of: 'the service shop', ms: 900_000 }],
  decides: [{ step: 'turn', who: ['platform_lead', 'dba'], what: 'turn it' }],
  stays: [{ step: 'there', why: 'the plan does not say how it is taken back' }],
  rehearsal: {
    run: 'r1',
    atMs: atMs - 86_400_000,
    verdict: 'done',
    tookMs: 50_000,
    isSame: false,
    notExercised: [{ step: 'there', why: 'far is outside' }],
  },
};

it('a briefing reads from how sure it is to what was never rehearsed', () => {
  const text = shown(brief);
  for (const words of [
    'DRY RUN: nothing is executed.',
    'How sure: 0 proved, 1 predicted, 1 unknown.',
    'How long: 1 m by the budgets of its steps, and there without a budget; promised are 15 m (the service shop). One step was measured: 42 s',
    'in far: the window quiet is open: would do there',
    'turn: platform_lead or dba (turn it)',
    'there: the plan does not say how it is taken back',
    '(1 d ago), done in 50 s, run r1; the procedure has changed since',
    'not exercised: there: far is outside',
  ])
    expect(text).toContain(words);
  expect(text).toMatch(/other +left out/);
});

it('a way that takes longer than what is promised says how much, and to whom', () => {
  const promised = [
    { of: 'the service shop', ms: 30_000 },
    { of: 'the scenario lost', ms: 900_000 },
    { of: 'the service tills', ms: 900_000 },
  ];
  const text = shown({ ...brief, promised, promisedMs: 30_000 });
  expect(text).toContain('promised are 30 s (the service shop), 15 m (the scenario lost, the service tills).');
  expect(text).toContain('it comes 30 s too late for the service shop');
  const nothing = shown({ ...brief, promised: [], promisedMs: undefined });
  expect(nothing).toContain('neither scenario nor services nor plan promise an RTO');
});

it('what was never drilled was never proved', () => {
  expect(shown({ ...brief, rehearsal: undefined })).toContain('never proved: no drill of this scenario');
});
