import { scoreDrill, type AssetMeasure, type DrillResult } from '../../drills/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import { historyOf, resultOf, splitRto } from '../../procedures/index.ts';
import type { RecoveryMeasured } from '../recovery.ts';

const t0 = Date.parse('2026-11-21T06:00:00Z');
const run = '01kanapoint00000000000000a';

interface Options {
  readonly name?: string;
  readonly rpoMs?: number | undefined;
  readonly bound?: boolean;
  readonly lost?: number;
  readonly by?: { readonly as?: string; readonly user: string };
}

/** The records of a drill as the runner and the drill write them. */
export function drillRecords(options: Options = {}): JournalRecord[] {
  const begun = runRecords('drill', options.name ?? 'orders_corrupted', options.by);
  const verified = record(8, 4500, 'drill.verifying', {});
  const history = historyOf([...begun, verified], run);
  const procedure = resultOf(history);
  const assets = [measureOf('orders', options)];
  const measured = {
    procedureDone: true,
    rtoMs: 4200,
    assets,
    checks: [{ name: 'rows', ok: true }],
    isolated: true,
    destroyed: true,
  };
  const expected = { rtoMs: 900_000, rpoMs: 60_000, lost: 0, health: true };
  const { verdict, criteria } = scoreDrill(measured, expected);
  const folder = '/tmp/lifeboat-bubble-x';
  const result: DrillResult = {
    run,
    drill: 'from_corruption',
    scenario: options.name ?? 'orders_corrupted',
    verdict,
    rtoSeconds: 4.2,
    rpoSeconds: 0.4,
    lost: 0,
    criteria,
    expected,
    incident: procedure.incident,
    rto: splitRto(history.records, procedure.incident, t0 + 4700),
    assets,
    checks: [
      {
        asset: 'orders',
        name: 'select count(*) from orders',
        ok: true,
        observed: 'value is 184 203',
        expected: 'value > 0',
        durationMs: 3,
      },
      {
        asset: 'orders',
        name: 'orders without a customer',
        ok: true,
        observed: 'value is 0',
        expected: 'value == 0',
        durationMs: 3,
      },
    ],
    sources: [{ asset: 'orders', before: '7440123', after: '7440123', same: true }],
    targets: [{ asset: 'orders', path: `${folder}/y/orders-1`, inside: true }],
    bubble: {
      bubble: 'x',
      folder,
      stopped: ['orders at postgresql://127.0.0.1:41231'],
      ended: 0,
      gone: true,
      left: [],
    },
    notExercised: ['noticing the disaster: a drill begins declared', 'step second_pair_of_eyes: not needed here'],
    messages: [{ channel: 'ops', subject: 'resolved (bubble)' }],
    procedure,
  };
  return [
    ...begun,
    verified,
    record(9, 5000, 'drill.finished', JSON.parse(JSON.stringify(result)) as Record<string, unknown>),
  ];
}

/** The records of a real run and of what was measured after it. */
export function recoveryRecords(options: Options = {}): JournalRecord[] {
  const measured: RecoveryMeasured = {
    assets: [measureOf('orders', options), measureOf('uploads', {})],
    checks: [{ asset: 'orders', name: 'rows', ok: true, observed: 'value is 4', expected: 'value > 0' }],
    expected: { rtoMs: 900_000, rpoMs: 60_000, lost: 0, health: true },
    greenMs: t0 + 4700,
  };
  return [
    ...runRecords('real', 'all_is_lost', options.by),
    record(8, 4800, 'recovery.measured', JSON.parse(JSON.stringify(measured)) as Record<string, unknown>),
  ];
}

function measureOf(asset: string, options: Options): AssetMeasure {
  const rpoMs = 'rpoMs' in options ? options.rpoMs : 400;
  const lost = options.lost ?? 0;
  const counts = { acknowledged: 184_203, restored: 184_203 - lost, lost };
  const point = { id: '01kanapoint00000000000000b', atMs: t0 - 90_000, store: 'near' };
  return {
    asset,
    bytes: 48_300_000,
    point,
    rpoMs,
    bound: options.bound ?? false,
    how: 'from the newest commit in the copy to the impact',
    ...counts,
  };
}

function runRecords(mode: 'real' | 'drill', scenario: string, by: Options['by']): JournalRecord[] {
  const steps = ['bring_back', 'looks_right', 'tell_people'].map((id, index) => ({
    id,
    kind: ['restore', 'check', 'notify'][index],
    settings: null,
    siblings: {},
    steps: [],
    budgetMs: index === 0 ? 600_000 : undefined,
    retry: { times: 0, pauseMs: 0 },
  }));
  const started = {
    scenario,
    mode,
    environment: { name: mode === 'drill' ? 'bubble' : 'production', protected: false, folder: '/tmp' },
    plan: { name: 'corner-shop', hash: 'ab12'.repeat(16) },
    scenarioHash: 'cd34'.repeat(16),
    snapshot: { name: scenario, steps, loses: { assets: ['orders'], domains: [] }, objectives: {}, hash: '' },
    snapshotHash: '',
    incident: { impactMs: t0, declaredMs: t0 + 500, lastGoodMs: t0 },
    ...(by === undefined ? {} : { by }),
    tool: 'lifeboat 0.1.0',
    host: 'app1',
    pid: 1,
  };
  return [
    record(1, 600, 'run.started', started),
    record(2, 700, 'step.started', {
      step: 'bring_back',
      kind: 'restore',
      title: 'restore orders into a new place',
      attempt: 1,
    }),
    record(
      3,
      3600,
      'step.finished',
      finished('bring_back', '48 MB from 01kanapoint00000000000000b in 2.9 s, 4 checks green'),
    ),
    record(4, 3610, 'step.started', {
      step: 'looks_right',
      kind: 'check',
      title: 'check orders',
      attempt: 1,
      verifies: true,
    }),
    record(5, 4300, 'step.finished', finished('looks_right', '4 checks green')),
    record(6, 4310, 'step.started', { step: 'tell_people', kind: 'notify', title: 'tell ops', attempt: 1 }),
    record(7, 4350, 'step.finished', toldIn(mode)),
    record(7.5, 4400, 'run.finished', { verdict: 'done', error: null }),
  ];
}

const record = (sequence: number, afterMs: number, kind: string, data: Record<string, unknown>): JournalRecord => ({
  sequence,
  atMs: t0 + afterMs,
  kind,
  run,
  data,
  hash: `hash-${sequence}`,
});

/** A drill tells nobody, and says so. */
const toldIn = (mode: 'real' | 'drill'): Record<string, unknown> =>
  mode === 'real'
    ? finished('tell_people', 'told ops (https://hooks.shop.example)')
    : {
        ...finished('tell_people', 'not exercised: what ops would have been told was kept in the bubble'),
        state: 'skipped',
      };

const finished = (step: string, summary: string): Record<string, unknown> => ({
  step,
  state: 'done',
  summary,
  outputs: {},
  redacted: [],
});
