import { describe, expect, it } from 'vitest';
import { alertRules, History, metricsText, Ringing, tasksOf, type ServeFacts } from './index.ts';
import { BenchFolder } from './testing/bench.ts';
import { planOf } from './testing/plan.ts';

const many = 1_000;
const text = `
lifeboat: 1
plan: thousand
domains: { safe: {}, here: {}, there: {} }
objectives: { rto: 4h, rpo: 30h }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: there } }
policies: { nightly: { every: 1d at 02:00, to: [near], keep: { daily: 30d, atLeast: 7 } } }
assets:
${Array.from({ length: many }, (_, at) => `  asset${at}: { type: files, path: ./docs, domain: here, policy: nightly }`).join('\n')}
`;

describe(`the alarms of ${many} assets`, () => {
  it('are judged in a fraction of a second of work', async () => {
    const { plan, keeperOf } = await planOf(text);
    const folder = new BenchFolder();
    const bench = folder.start(tasksOf(plan, keeperOf), () => new Promise<never>(() => {}));
    const startMs = bench.clock.now();
    const facts = (): ServeFacts => ({
      nowMs: bench.clock.now(),
      plan,
      tool: 't',
      startedMs: startMs,
      planRefused: undefined,
      heartbeatMs: undefined,
      keeping: { sinceMs: startMs, scheduler: bench.scheduler, ledger: bench.ledger, streams: [], toldBy: [] },
      keeperOf,
    });
    const ringing = new Ringing(alertRules(plan, keeperOf));
    const history = new History();
    const judge = (nowMs: number): number => ringing.judge(metricsText(facts()), nowMs, history, () => false).length;
    judge(startMs);
    const rounds = 8;
    const before = process.cpuUsage();
    let rang = 0;
    for (let round = 1; round <= rounds; round += 1) rang = judge(startMs + round * 3_600_000);
    const { user, system } = process.cpuUsage(before);
    console.info(`${((user + system) / 1000 / rounds).toFixed(0)} ms of work for each look at ${many} assets`);
    // That there is no point of each of them rings, and is one case for people.
    expect(rang).toBeGreaterThanOrEqual(many);
    expect((user + system) / 1000 / rounds).toBeLessThan(500);
    await bench.stop();
    folder.remove();
  });
});
