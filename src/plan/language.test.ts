import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorsIn, planOf, smallPlan } from './testing/check-text.ts';

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const withLines = (...lines: string[]): string => `${smallPlan}${lines.join('\n')}\n`;

describe('objectives', () => {
  test.each([
    ['2h', { rtoMs: 2 * hour }],
    ['2h-3h', { rtoMs: 3 * hour, rtoFromMs: 2 * hour }],
    ['60-120m', { rtoMs: 120 * minute, rtoFromMs: 60 * minute }],
    ['1h30m - 2h', { rtoMs: 2 * hour, rtoFromMs: 1.5 * hour }],
  ])('rto: %s promises the longer end', (written, expected) => {
    expect(planOf(withLines(`objectives: { rto: ${written} }`)).objectives).toEqual(expected);
  });

  test.each([
    ['3h-2h', /from the longer to the shorter/],
    ['soon', /is not a duration/],
    ['1h-2h-3h', /is not a duration/],
  ])('rto: %s is an error', (written, expected) => {
    expect(errorsIn(withLines(`objectives: { rto: ${written} }`))).toEqual([expect.stringMatching(expected)]);
  });

  test('stand on the plan, a rank, a service, an asset, a category and a scenario', () => {
    const plan = planOf(
      withLines(
        'objectives: { rto: 6h, mttr: 2h, mtbf: 7d }',
        'ranks: { critical: { rto: 2h } }',
        'categories: { site: { objectives: { rto: 4h } } }',
      ).replace('path: ./documents', 'path: ./documents, objectives: { rpo: 0s }'),
    );
    expect(plan.objectives).toEqual({ rtoMs: 6 * hour, mttrMs: 2 * hour, mtbfMs: 7 * day });
    expect(plan.ranks.get('critical')).toEqual({ rtoMs: 2 * hour });
    expect(plan.categories.get('site')?.objectives).toEqual({ rtoMs: 4 * hour });
    expect(plan.assets.get('documents')?.objectives).toEqual({ rpoMs: 0 });
  });
});

describe('what is declared', () => {
  test('has durations in milliseconds, shares as numbers, calendars in the zone of the plan', () => {
    const plan = planOf(
      withLines(
        'timezone: Europe/Berlin',
        'alerts: { size: { kind: size, changesBy: 50%, over: 7d, for: 0m } }',
        'exercises: { talk: { kind: tabletop, every: quarterly, budget: 2h-4h, stages: [{ name: talk, budget: 1h }] } }',
        'checklists: { after: { when: after, items: [rest, { do: write, within: 48h }] }, plain: [look] }',
        'incidents: { statusPage: { updates: 30m } }',
      ),
    );
    expect(plan.alerts.get('size')).toEqual({ kind: 'size', changesBy: 0.5, overMs: 7 * day, forMs: 0 });
    const talk = plan.exercises.get('talk');
    expect(talk?.budget).toEqual({ fromMs: 2 * hour, toMs: 4 * hour });
    expect(talk?.stages).toEqual([{ name: 'talk', budgetMs: hour }]);
    expect(talk?.every?.map(({ text, timezone }) => [text, timezone])).toEqual([['quarterly', 'Europe/Berlin']]);
    expect(plan.checklists.get('after')).toEqual({
      when: 'after',
      items: [{ do: 'rest' }, { do: 'write', withinMs: 48 * hour }],
    });
    expect(plan.checklists.get('plain')).toEqual({ when: undefined, items: [{ do: 'look' }] });
    expect(plan.incidents).toEqual({ statusPage: { updatesMs: 30 * minute } });
  });

  test('of an asset: artifacts, standbys, what it holds', () => {
    const artifact =
      '{ file: a-YYYY.sql.gz, format: sql, compressed: gzip, method: dump, every: daily, store: near, keep: 30d }';
    const plan = planOf(
      smallPlan.replace(
        'path: ./documents',
        `path: ./documents, holds: [letters], artifacts: { dump: ${artifact} }, standbys: { b: { domain: safe, lag: 1m } }`,
      ),
    );
    const asset = plan.assets.get('documents');
    expect(asset?.artifacts?.get('dump')).toMatchObject({ file: 'a-YYYY.sql.gz', format: 'sql', keepMs: 30 * day });
    expect(asset?.standbys?.get('b')).toEqual({ domain: 'safe', lagMs: minute });
    expect(asset?.holds).toEqual(['letters']);
  });

  test('of a policy: windows, tiers and verification as numbers beside what is written', () => {
    const plan = planOf(
      withLines(
        'policies: { p: { on: change, budget: 10m, keep: { weekly: { day: sunday, for: 90d }, forever: true, tiers: [{ after: 30d, class: glacier, for: 90d }] }, verify: { youngerThan: 24h, asks: [age] }, stream: { to: [near], every: 5m, optional: true } } }',
      ),
    );
    expect(plan.policies.get('p')).toMatchObject({
      onChange: true,
      budgetMs: 10 * minute,
      keeps: { weeklyMs: 90 * day, forever: true, tiers: [{ afterMs: 30 * day, class: 'glacier', forMs: 90 * day }] },
      verifies: { youngerThanMs: day, asks: ['age'] },
      streams: { to: ['near'], everyMs: 5 * minute, optional: true },
    });
  });

  test('any duration that the plan can write comes back as its milliseconds', () => {
    const durations = fc.tuple(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom('s', 'm', 'h', 'd'));
    fc.assert(
      fc.property(durations, ([count, unit]) => {
        const ms = count * { s: 1000, m: minute, h: hour, d: day }[unit];
        expect(planOf(withLines(`windows: { w: { for: ${count}${unit} } }`)).windows.get('w')).toEqual({ forMs: ms });
      }),
      { numRuns: 20 },
    );
  });
});

describe('a step', () => {
  const step = (text: string): string => withLines('scenarios:', '  s:', '    steps:', `      - ${text}`);

  test('says what it takes and makes, stops and starts, by which command', () => {
    const text = step(
      '{ manual: do it, command: "echo ${HOME}", program: psql, takes: ["file:a b.sql"], makes: ["namespace:shop"], destructive: true }',
    );
    expect(planOf(text).scenarios.get('s')?.steps[0]).toMatchObject({
      command: 'echo ${HOME}',
      program: 'psql',
      takes: [{ kind: 'file', name: 'a b.sql' }],
      makes: [{ kind: 'namespace', name: 'shop' }],
      destructive: true,
    });
  });

  test('chooses between steps and scenarios; what one way makes is not there for another', () => {
    const choice = (later: string): string =>
      step(
        `{ id: way, choose: { question: how?, options: { a: { steps: [{ id: one, restore: documents, into: new }] }, b: { steps: [{ id: two, exec: [x, "${later}"] }] } } } }`,
      );
    const options = planOf(choice('y')).scenarios.get('s')?.steps[0]?.options;
    expect(options?.map(({ name, steps }) => [name, steps.map(({ id }) => id)])).toEqual([
      ['a', ['one']],
      ['b', ['two']],
    ]);
    expect(errorsIn(choice('${steps.one.url}'))).toEqual([
      expect.stringMatching(/plan\.later_step the step one is not before/),
    ]);
  });

  test.each([
    ['a thing of no kind', '{ manual: x, takes: [shop] }', /must be one of namespace, secret/],
    [
      'a document that nothing declares',
      '{ manual: x, uses: [runbook] }',
      /there is no asset, service, store, key, document or cluster "runbook"/,
    ],
    ['an environment that nothing declares', '{ manual: x, in: mars }', /there is no environment "mars"/],
    [
      'a step inside a choice that is unknown',
      '{ choose: { question: q, options: { a: { steps: [{ restor: documents }] } } } }',
      /there is no step "restor"/,
    ],
    [
      'an asset inside a choice that is unknown',
      '{ choose: { question: q, options: { a: { steps: [{ restore: docments }] } } } }',
      /there is no asset "docments"/,
    ],
  ])('%s is told', (_, text, expected) => {
    expect(errorsIn(step(text))).toEqual([expect.stringMatching(expected)]);
  });
});

test.each([
  ['a contact', 'contacts: { a: { backup: b } }', /there is no contact "b"/],
  ['a domain of a document', 'domains: { safe: {} }\ndocuments: { d: { domain: moon } }', /there is no domain "moon"/],
  ['a channel of an alert', 'alerts: { a: { kind: failure, notify: [ops] } }', /there is no channel "ops"/],
  [
    'a drill that an alert watches',
    'alerts: { a: { kind: freshness, watch: { drill: monthly } } }',
    /there is no drill or exercise "monthly"/,
  ],
  ['a role of the escalation', 'escalate: [{ role: cto, after: 1h }]', /there is no role among the contacts "cto"/],
  [
    'a store of an artifact',
    'documents: { s: {} }\ncommands: { c: { command: x, uses: [far] } }',
    /there is no asset, service/,
  ],
])('%s that is not declared is told', (_, lines, expected) => {
  expect(errorsIn(withLines(lines))).toEqual([expect.stringMatching(expected)]);
});

describe('a scenario that calls others', () => {
  const calling = (first: string, second: string): string =>
    withLines(
      'scenarios:',
      `  one: { steps: [{ ${first} }] }`,
      `  two: { steps: [{ ${second} }] }`,
      'drills: { rehearse_one: { scenario: one } }',
    );

  test.each([
    ['itself through another', 'call: two', 'call: one', 'one → two → one'],
    [
      'itself through a choice',
      'call: two',
      'choose: { question: q, options: { a: { call: one } } }',
      'one → two → one',
    ],
    ['itself through a drill', 'call: two', 'call: { drill: rehearse_one }', 'one → two → one'],
  ])('must not call %s', (_, first, second, circle) => {
    expect(errorsIn(calling(first, second))).toEqual([
      expect.stringContaining(`scenarios call each other in a circle: ${circle}`),
    ]);
  });

  test('depends on what those do: its proof is stale when they change', () => {
    const hashes = ['look: logs', 'look: more logs'].map((second) => planOf(calling('call: two', second)).scenarios);
    expect(hashes[0]?.get('one')?.hash).not.toBe(hashes[1]?.get('one')?.hash);
    const alone = ['look: logs', 'look: more logs'].map((second) => planOf(calling('look: x', second)).scenarios);
    expect(alone[0]?.get('one')?.hash).toBe(alone[1]?.get('one')?.hash);
  });
});
