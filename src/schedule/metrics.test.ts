import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError } from '../core/index.ts';
import { healthOf, metricsText, tasksOf, type Hands, type ServeFacts } from './index.ts';
import { BenchFolder, dayMs, done, type Bench } from './testing/bench.ts';
import { planOf } from './testing/plan.ts';

const promtool = spawnSync('promtool', ['--version']).status === 0;
const why = promtool ? '' : ' (promtool is not installed)';

let folder: BenchFolder;
beforeEach(() => void (folder = new BenchFolder()));
afterEach(() => folder.remove());

async function factsOf(
  hands: Hands,
  pass: number,
  more: Partial<ServeFacts> = {},
): Promise<{ facts: ServeFacts; bench: Bench }> {
  const { plan, keeperOf } = await planOf();
  const bench = folder.start(tasksOf(plan, keeperOf), hands);
  await bench.pass(pass);
  const { scheduler, ledger, clock } = bench;
  const streams = [{ asset: 'orders', last: undefined, error: undefined }];
  const keeping = { sinceMs: 0, scheduler, ledger, streams, toldBy: ['near'] };
  const common = { nowMs: clock.now(), plan, tool: 'lifeboat 1', startedMs: 0, planRefused: undefined };
  return { bench, facts: { ...common, heartbeatMs: 'never', keeping, keeperOf, ...more } };
}

/** Values by name and labels. */
const valuesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

const waiting: Hands = (_, { signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('metrics', () => {
  it('are all there from birth, with 0 for what never was', async () => {
    const { facts, bench } = await factsOf(waiting, 1000);
    const values = valuesOf(metricsText(facts));
    for (const [asset, policy] of [
      ['orders', 'continuous'],
      ['docs', 'daily'],
      ['mail', 'daily'],
    ]) {
      const labels = `{plan="shop",asset="${asset}",policy="${policy}",store="near"}`;
      expect(values.get(`backup_last_success_timestamp${labels}`)).toBe(0);
      expect(values.get(`backup_size_bytes${labels}`)).toBe(0);
    }
    expect(values.get('dr_test_last_success_timestamp{plan="shop",drill="weekly"}')).toBe(0);
    expect(values.get('lifeboat_task_last_success_timestamp_seconds{plan="shop",task="prune far",kind="prune"}')).toBe(
      0,
    );
    expect(values.get('lifeboat_verify_last_success_timestamp_seconds{plan="shop",store="near"}')).toBe(0);
    expect(values.get('lifeboat_keys_tested_timestamp_seconds{plan="shop"}')).toBe(0);
    expect(values.get('lifeboat_stream_up{plan="shop",asset="orders"}')).toBe(0);
    // Not 0: nobody has measured it.
    expect(values.get('lifeboat_stream_loss_seconds{plan="shop",asset="orders",store="near"}')).toBeNaN();
    expect(metricsText(facts)).toContain('asset="orders",store="near"} +Inf');
    expect(values.get('lifeboat_heartbeat_last_success_timestamp_seconds{plan="shop"}')).toBe(0);
    expect([...values.keys()].filter((name) => name.includes('dumps') || name.includes('by_hand'))).toEqual([]);
    await bench.stop();
  });

  it('tell of each standby that is kept here how far it is behind; what it does not say is not taken for little', async () => {
    const { facts, bench } = await factsOf(waiting, 1000);
    expect(metricsText(facts)).not.toContain('lifeboat_standby_behind_bytes{');
    const line = { asset: 'orders', at: facts.nowMs, target: '/srv/orders', store: 'near' } as const;
    const following = { ...line, state: 'following' as const, behindBytes: 4096, behindSeconds: 2.5 };
    const seeding = { ...line, asset: 'docs', state: 'seeding' as const, reason: 'there is none yet' };
    const text = metricsText({
      ...facts,
      standbys: [following, seeding].map((one) => ({ line: one, isAtWork: one === seeding })),
    });
    const values = valuesOf(text);
    const of = (name: string, asset: string) => values.get(`lifeboat_standby_${name}{plan="shop",asset="${asset}"}`);
    expect([of('following', 'orders'), of('behind_bytes', 'orders'), of('behind_seconds', 'orders')]).toEqual([
      1, 4096, 2.5,
    ]);
    expect([of('following', 'docs'), of('being_made', 'docs'), of('being_made', 'orders')]).toEqual([0, 1, 0]);
    expect(text).toContain('lifeboat_standby_behind_seconds{plan="shop",asset="docs"} +Inf');
    await bench.stop();
  });

  it('say what was done, by whomever: a backup by hand counts as one of the scheduler', async () => {
    const { facts, bench } = await factsOf(async () => done, 1000);
    const taken = { asset: 'docs', store: 'near', bytes: 1234, storedBytes: 99, seconds: 2.5 };
    bench.journal.append('backup.finished', taken);
    bench.journal.append('drill.finished', { drill: 'weekly', verdict: 'fail' });
    bench.ledger.refresh();
    const values = valuesOf(metricsText(facts));
    const labels = '{plan="shop",asset="docs",policy="daily",store="near"}';
    expect(values.get(`backup_last_success_timestamp${labels}`)).toBe(facts.nowMs / 1000);
    expect(values.get(`backup_size_bytes${labels}`)).toBe(1234);
    expect(values.get('dr_test_last_success_timestamp{plan="shop",drill="weekly"}')).toBe(0);
    await bench.stop();
  });

  it('show a job that hangs, one that failed and one that waits', async () => {
    const { facts, bench } = await factsOf(waiting, 2 * 3_600_000);
    const values = valuesOf(metricsText({ ...facts, nowMs: bench.clock.now() }));
    const of = (name: string, task: string): number | undefined =>
      values.get(`lifeboat_task_${name}{plan="shop",task="${task}",kind="${task.split(' ')[0]}"}`);
    expect([of('running', 'backup docs'), of('silent', 'backup docs')]).toEqual([1, 1]);
    expect(of('late_seconds', 'backup docs')).toBe(0);
    expect(healthOf(facts)).toMatchObject({ ok: true, role: 'keeps the schedule' });
    expect(healthOf(facts).remarks).toContain('backup docs hangs');
    await bench.stop();
  });

  it('of one that stands by tell of itself alone', async () => {
    const refused = new LifeboatError('plan.invalid', 'not so');
    const { facts, bench } = await factsOf(async () => done, 1000, { keeping: undefined, planRefused: refused });
    const values = valuesOf(metricsText(facts));
    expect(values.get('lifeboat_active{plan="shop"}')).toBe(0);
    expect(values.get('lifeboat_plan_refused{plan="shop"}')).toBe(1);
    expect([...values.keys()].filter((name) => name.startsWith('backup_'))).toEqual([]);
    expect(healthOf(facts)).toMatchObject({
      ok: true,
      role: 'stands by',
      remarks: [expect.stringContaining('not so')],
    });
    await bench.stop();
  });

  it('of a scheduler that stands still say so, and its health is bad', async () => {
    const { facts, bench } = await factsOf(async () => done, dayMs);
    await bench.stop();
    await bench.clock.advance(10 * 60_000);
    expect(healthOf(facts)).toMatchObject({ ok: false, alive: false });
    const values = valuesOf(metricsText({ ...facts, nowMs: bench.clock.now() }));
    expect(values.get('lifeboat_tick_timestamp_seconds{plan="shop"}')).toBeLessThan(bench.clock.now() / 1000 - 500);
  });

  it('of one that cannot write are not well, and ask for no new start: that would not help', async () => {
    const { facts, bench } = await factsOf(async () => done, dayMs);
    const trouble = new LifeboatError('disk.full', 'the disk of the journal is full');
    const scheduler = new Proxy(bench.scheduler, {
      get: (of, name) => (name === 'health' ? () => ({ ...of.health(), trouble }) : Reflect.get(of, name, of)),
    });
    const health = healthOf({ ...facts, keeping: { ...facts.keeping!, scheduler } });
    expect(health).toMatchObject({ ok: false, alive: true, problems: [expect.stringContaining('full')] });
    await bench.stop();
  });

  it.skipIf(!promtool)(`are what promtool reads without a fault${why}`, async () => {
    const { facts, bench } = await factsOf(waiting, 3_600_000);
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: metricsText(facts), encoding: 'utf8' });
    // Its advice about names is not ours to follow: two of them were agreed upon elsewhere.
    const faults = checked.stderr.split('\n').filter((line) => line !== '' && !/^(backup_|dr_test_)/.test(line));
    expect(faults).toEqual([]);
    await bench.stop();
  });
});
