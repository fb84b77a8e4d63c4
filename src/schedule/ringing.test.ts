import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../app/registry.ts';
import { checkPlan } from '../plan/index.ts';
import { noPrometheus, startPrometheus } from '../testing/prometheus/index.ts';
import { alertRules, History, Ringing } from './index.ts';
import { evaluate } from './promql/evaluate.ts';
import { readExpression } from './promql/read.ts';
import { keyOf, Series, type Value } from './promql/series.ts';
import { planOf } from './testing/plan.ts';
import { everythingWrong } from './testing/simulated/plans.ts';
import { SeriesRecord } from './testing/simulated/series.ts';

const nowMs = Date.parse('2026-11-21T10:00:00Z');
const read = (text: string) => readExpression(text) ?? expect.fail(`cannot be judged: ${text}`);
const given = (text: string, expression: string): Value[] =>
  evaluate(read(expression), new Series(text, nowMs, new History()));

describe('what we judge of PromQL', () => {
  it.each([
    ['a{x="1"} 5\na{x="2"} 7', 'a > 6', [[{ x: '2' }, 7]]],
    ['a{x="1"} 5', 'absent(a{x="2",y="z"})', [[{ x: '2', y: 'z' }, 1]]],
    ['a{x="1"} 5', 'absent(a{x="1"} == 1)', [[{}, 1]]],
    ['a{x="1"} 5', '(count(a{x="9"}) or vector(0)) < 1', [[{}, 0]]],
    ['a{x="1",p="q"} 5\na{x="2",p="q"} 7', 'sum by (p) (a) > 1', [[{ p: 'q' }, 12]]],
    ['a{x="1"} 1\nb{x="1"} 1', 'a > 0 unless b > 0', []],
    ['a{x="1"} 1\nb{x="2"} 1', 'a > 0 and b > 0 or b', [[{ x: '2' }, 1]]],
    ['a{x="1"} +Inf', 'min by (x) (a) > 9', [[{ x: '1' }, Infinity]]],
    ['a{x="1"} 0\nb{x="1"} 0', 'abs(a - b) / b > 0.5', []],
    [`a{x="1"} ${nowMs / 1000 - 60}`, 'time() - (a > 0) > 59', [[{ x: '1' }, 60]]],
    ['a{x="\\"quoted\\""} 1', 'a{x="\\"quoted\\""}', [[{ x: '"quoted"' }, 1]]],
  ] as const)('%j: %s', (text, expression, expected) => {
    expect(given(text, expression).map(({ labels, value }) => [labels, value])).toEqual(expected);
  });

  it.each(['rate(a[5m])', 'a offset 5m > 1', 'a{x=~"y.*"}', 'histogram_quantile(0.9, a)', 'a >', 'a ) b', '"text"'])(
    'leaves to Prometheus what is beyond it: %s',
    (text) => expect(readExpression(text)).toBeUndefined(),
  );

  it('a mean is over the time that it is asked for, each value as long as it held', () => {
    const history = new History();
    const hour = 3_600_000;
    expect(history.mean('a', 0, 100, 4 * hour)).toBe(100);
    history.mean('a', 2 * hour, 300, 4 * hour);
    expect(history.mean('a', 4 * hour, 300, 4 * hour)).toBe(200);
    expect(history.mean('a', 6 * hour, 300, 4 * hour)).toBe(300);
  });
});

describe('the rules of every plan', () => {
  const folder = join(import.meta.dirname, '../../examples');
  const examples = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  it.each(examples)('%s: each that is made from the plan can be judged without a Prometheus', async (file) => {
    const { plan } = await checkPlan(join(folder, file), registry);
    if (plan === undefined) return expect.fail('the plan has errors');
    const declared = [...plan.alerts].flatMap(([name, { query }]) => (query === undefined ? [] : [name]));
    expect(new Ringing(alertRules(plan, () => 'us')).left.filter((alert) => !declared.includes(alert))).toEqual([]);
  });
});

const why = noPrometheus === undefined ? '' : ` (${noPrometheus})`;
describe.skipIf(noPrometheus !== undefined)(`beside a real Prometheus${why}`, () => {
  it('every rule of a plan with everything gives the same series, whatever the metrics say', async () => {
    const { groups } = alertRules((await planOf(everythingWrong)).plan, () => 'us');
    const rules = groups.flatMap(({ rules: some }) => some);
    const seed = Number(process.env['LIFEBOAT_TEST_SEED'] ?? 7);
    const record = new SeriesRecord();
    const moments = [0, 1, 2, 3].map((index) => ({
      atMs: nowMs + index * 600_000,
      text: textFor(rules, seed + index, nowMs),
    }));
    for (const { atMs, text } of moments) record.take(atMs, new Map([['here', text]]));
    const flags = ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=50y'];
    const prometheus = await startPrometheus({ global: {} }, { flags });
    try {
      await record.writeTo(prometheus);
      for (const { atMs, text } of moments) {
        const series = new Series(text, atMs, new History());
        for (const { expr } of rules.filter((one) => !one.expr.includes('avg_over_time'))) {
          const { result } = (await prometheus.ask('query', { query: expr, time: String(atMs / 1000) })) as {
            result: { metric: Record<string, string> }[];
          };
          const theirs = result.map(({ metric }) => keyOf('', ourLabels(metric)));
          const ours = evaluate(read(expr), series).map(({ labels }) => keyOf('', labels));
          expect({ seed, expr, series: ours.toSorted() }).toEqual({ seed, expr, series: theirs.toSorted() });
        }
      }
    } finally {
      await prometheus.stop();
    }
  }, 300_000);
});

/** Without what a scrape adds. */
const ourLabels = (metric: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(metric).filter(([key]) => !['__name__', 'instance', 'job'].includes(key)));

/** A line for each series that the rules look at, or none, with values near what they compare with. */
function textFor(rules: readonly { readonly expr: string }[], seed: number, atMs: number): string {
  let state = seed;
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const places = [...new Set(rules.flatMap(({ expr }) => expr.match(/[a-z_]+\{[^}]*\}/g) ?? []))];
  const values = [0, 1, 2, 1900, atMs / 1000, atMs / 1000 - 7200, atMs / 1000 - 40 * 86_400, Infinity];
  return places
    .flatMap((place) => {
      const value = values[Math.floor(random() * values.length)] ?? 0;
      return random() < 0.2 ? [] : [`${place} ${value === Infinity ? '+Inf' : value}`];
    })
    .join('\n');
}
