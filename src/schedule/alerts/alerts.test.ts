import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { keepersOf, loadWorkspacePlan } from '../../app/index.ts';
import { systemClock } from '../../core/index.ts';
import { planOf } from '../testing/plan.ts';
import { alertRules, type AlertRules } from './index.ts';

const promtool = spawnSync('promtool', ['--version']).status === 0;
const why = promtool ? '' : ' (promtool is not installed)';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'lifeboat-alerts-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const names = ({ groups }: AlertRules): string[] => groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

/** What promtool says of all of these together: nothing where they are sound. */
function check(groups: AlertRules['groups']): string {
  writeFileSync(join(folder, 'rules.yml'), stringify({ groups }));
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', 'rules.yml'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stdout + stderr;
}

/** A series of a sample an hour: `0+3600x100`. */
type Series = readonly [series: string, values: string];

/** Which alerts ring at that hour, for each list of series that a Prometheus may have seen; judged by promtool, all in one go. */
function ringing(rules: AlertRules, hour: number, cases: readonly (readonly Series[])[]): string[] {
  writeFileSync(join(folder, 'rules.yml'), stringify({ groups: rules.groups }));
  const alerts = [...new Set(names(rules))];
  const tests = cases.map((series, number) => ({
    interval: '1h',
    input_series: series.map(([one, values]) => ({ series: one, values })),
    // Each case at an hour of its own: by that its lines are known again.
    alert_rule_test: alerts.map((alertname) => ({ eval_time: `${hour + number}h`, alertname, exp_alerts: [] })),
  }));
  writeFileSync(join(folder, 'test.yml'), stringify({ rule_files: ['rules.yml'], evaluation_interval: '1h', tests }));
  const { stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'test.yml'], { cwd: folder, encoding: 'utf8' });
  const said = [...(stdout + stderr).matchAll(/alertname: ?(\w+), time: ?(\w+)/g)];
  if (said.length === 0) throw new Error(`promtool found nothing, not even what must ring: ${stdout}${stderr}`);
  const hourOf = (text: string): number => durationMs(text) / 3_600_000;
  return cases.map((_, number) =>
    said
      .filter(([, , time = '']) => hourOf(time) === hour + number)
      .map(([, alert]) => alert as string)
      .sort()
      .join(' '),
  );
}

/** `20d3h`, `3h5m` */
function durationMs(text: string): number {
  const unitMs: Readonly<Record<string, number>> = {
    w: 7 * 86_400_000,
    d: 86_400_000,
    h: 3_600_000,
    m: 60_000,
    s: 1000,
  };
  return [...text.matchAll(/(\d+)([wdhms])/g)].reduce(
    (sum, [, digits, unit = '']) => sum + Number(digits) * (unitMs[unit] ?? 0),
    0,
  );
}

/** All that a sound server tells, up to that hour. */
function soundSeries(hours: number): Series[] {
  const now = `0+3600x${hours}`;
  const one = `1x${hours}`;
  const plan = 'plan="shop"';
  const points = [
    ['orders', 'continuous'],
    ['docs', 'daily'],
    ['mail', 'daily'],
  ].flatMap(([asset, policy]): Series[] => {
    const labels = `{${plan},asset="${asset}",policy="${policy}",store="near"}`;
    return [
      [`backup_last_success_timestamp${labels}`, now],
      [`backup_size_bytes${labels}`, `1000x${hours}`],
      [`lifeboat_backup_known_bytes${labels}`, `1000x${hours}`],
    ];
  });
  const tasks = ['copy near to far', 'verify daily', 'prune near', 'prune far'].flatMap((task): Series[] => [
    [`lifeboat_task_last_success_timestamp_seconds{${plan},task="${task}"}`, now],
    [`lifeboat_task_failures{${plan},task="${task}"}`, `0x${hours}`],
    [`lifeboat_task_red{${plan},task="${task}"}`, `0x${hours}`],
    [`lifeboat_task_silent{${plan},task="${task}"}`, `0x${hours}`],
    [`lifeboat_task_late_seconds{${plan},task="${task}"}`, `0x${hours}`],
    [`lifeboat_task_rhythm_seconds{${plan},task="${task}"}`, `3600x${hours}`],
    [`lifeboat_task_last_missed_timestamp_seconds{${plan},task="${task}"}`, `0x${hours}`],
  ]);
  return [
    [`lifeboat_active{${plan}}`, one],
    [`lifeboat_tick_timestamp_seconds{${plan}}`, now],
    [`lifeboat_trouble{${plan}}`, `0x${hours}`],
    [`lifeboat_plan_refused{${plan}}`, `0x${hours}`],
    [`lifeboat_keys_tested_timestamp_seconds{${plan}}`, now],
    [`lifeboat_heartbeat_last_success_timestamp_seconds{${plan}}`, now],
    [`dr_test_last_success_timestamp{${plan},drill="weekly"}`, now],
    [`lifeboat_stream_up{${plan},asset="orders"}`, one],
    [`lifeboat_stream_last_said_timestamp_seconds{${plan},asset="orders"}`, now],
    [`lifeboat_stream_loss_seconds{${plan},asset="orders",store="near"}`, `2x${hours}`],
    [`lifeboat_standby_following{${plan},asset="orders"}`, one],
    [`lifeboat_standby_being_made{${plan},asset="orders"}`, `0x${hours}`],
    [`lifeboat_standby_last_said_timestamp_seconds{${plan},asset="orders"}`, now],
    [`lifeboat_standby_behind_seconds{${plan},asset="orders"}`, `2x${hours}`],
    ['up{job="shop"}', one],
    ...points,
    ...tasks,
  ];
}

const without = (series: readonly Series[], start: string): Series[] =>
  series.filter(([name]) => !name.startsWith(start));
const changed = (series: readonly Series[], start: string, values: string): Series[] =>
  series.map(([name, old]) => [name, name.startsWith(start) ? values : old]);

describe('rules for alerts', () => {
  it('have one for everything that has a calendar, and those of the plan as it declares them', async () => {
    const { plan, keeperOf } = await planOf();
    const rules = alertRules(plan, keeperOf);
    const expressions = rules.groups.flatMap(({ rules: all }) => all.map(({ alert, expr }) => `${alert}: ${expr}`));
    for (const task of ['copy near to far', 'verify daily', 'prune near', 'prune far'])
      expect(
        expressions.filter((line) => line.startsWith('LifeboatTaskOverdue') && line.includes(`task="${task}"`)).length,
      ).toBe(1);
    const declared = rules.groups.find(({ name }) => name === 'declared')?.rules ?? [];
    expect(declared).toMatchObject([
      {
        alert: 'old_backups',
        expr: 'time() - backup_last_success_timestamp{plan="shop",policy="daily"} > 86400',
        labels: { severity: 'critical' },
      },
      { alert: 'size_jump', for: '0s' },
      { alert: 'shop_down', expr: 'up{job="shop"} == 0', annotations: { summary: 'the shop is down' } },
    ]);
    expect(rules.left).toEqual([]);
  });

  it('name an alert of the plan that no metric tells', async () => {
    const text = `
lifeboat: 1
plan: p
keys: { main: { passphrase: { env: LB_TEST_PASS } } }
stores: { near: { type: fs, path: ./near } }
assets: { docs: { type: files, path: ./docs } }
services: { shop: {} }
alerts: { down: { kind: health, watch: { service: shop } } }
`;
    const { plan, keeperOf } = await planOf(text);
    expect(alertRules(plan, keeperOf).left).toEqual(['down']);
  });

  it.skipIf(!promtool)(`of every example are what promtool takes${why}`, async () => {
    const files = readdirSync('examples', { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(?<!invalid)\.yaml$/.test(name),
    );
    const groups: AlertRules['groups'][number][] = [];
    let plans = 0;
    for (const file of files) {
      const plan = await loadWorkspacePlan(join('examples', file)).catch(() => undefined); // a part of another one
      if (plan === undefined) continue;
      plans += 1;
      const of = alertRules(plan, keepersOf(plan, systemClock));
      groups.push(...of.groups.map(({ name, rules }) => ({ name: `${file} ${name}`, rules })));
    }
    expect(plans).toBeGreaterThan(8);
    expect(check(groups)).toBe('');
  });

  it.skipIf(!promtool)(
    `are silent while all is well, and ring for each thing that stops or never was${why}`,
    async () => {
      const { plan, keeperOf } = await planOf();
      const rules = alertRules(plan, keeperOf);
      const last = 30;
      const hours = last + 30;
      const sound = soundSeries(hours);
      const [zero, one] = [`0x${hours}`, `1x${hours}`];
      const task = (name: string, of = 'prune near'): string => `lifeboat_task_${name}{plan="shop",task="${of}"`;
      const mail = (name: string): string => `${name}{plan="shop",asset="mail"`;
      const drill: Series = [
        'lifeboat_drill_adopted_timestamp_seconds{plan="shop",drill="weekly"}',
        `-2000000x${hours}`,
      ];
      const made = (following: string, being: string): readonly Series[] =>
        changed(changed(sound, 'lifeboat_standby_following', following), 'lifeboat_standby_being_made', being);
      const cases: readonly (readonly [expected: string, series: readonly Series[]])[] = [
        ['', sound],
        // The machine, its network or its job in Prometheus has gone.
        ['LifeboatDown LifeboatPointUnseen LifeboatStreamDown', [['other', one]]],
        ['LifeboatPointUnseen', without(sound, mail('backup_last_success_timestamp'))],
        ['LifeboatDown', changed(sound, 'lifeboat_active', zero)],
        ['LifeboatTwice', [...sound, ['lifeboat_active{plan="shop",instance="another"}', one]]],
        ['LifeboatStuck', changed(sound, 'lifeboat_tick', zero)],
        ['LifeboatTrouble', changed(sound, 'lifeboat_trouble', one)],
        ['LifeboatPlanRefused', changed(sound, 'lifeboat_plan_refused', one)],
        ['LifeboatHeartbeatLost', changed(sound, 'lifeboat_heartbeat', zero)],
        ['LifeboatTaskFailing', changed(sound, task('failures'), `3x${hours}`)],
        ['LifeboatTaskRed', changed(sound, task('red', 'verify daily'), one)],
        ['LifeboatTaskSilent', changed(sound, task('silent'), one)],
        ['LifeboatTaskLate', changed(sound, task('late_seconds'), `7200x${hours}`)],
        ['LifeboatTurnsMissed', changed(sound, task('last_missed_timestamp_seconds'), `0+3600x${hours}`)],
        ['LifeboatTaskOverdue', changed(sound, task('last_success_timestamp_seconds', 'copy near to far'), one)],
        ['LifeboatStreamDown', changed(sound, 'lifeboat_stream_up', zero)],
        ['LifeboatStreamSilent', changed(sound, 'lifeboat_stream_last_said', one)],
        ['LifeboatLossTooGreat', changed(sound, 'lifeboat_stream_loss', `200000x${hours}`)],
        ['LifeboatStandbySilent', changed(sound, 'lifeboat_standby_last_said', one)],
        ['LifeboatStandbyWaiting', changed(sound, 'lifeboat_standby_following', zero)],
        // It is looked at around the fiftieth hour: for less than half a day.
        ['', made('1x45 0x60', '0x45 1x60')],
        ['LifeboatStandbyMaking', made(zero, one)],
        ['LifeboatStandbyBehind', changed(sound, 'lifeboat_standby_behind_seconds', `3600x${hours}`)],
        ['LifeboatPointSize size_jump', changed(sound, mail('backup_size_bytes'), `1000x${last - 3} 10x60`)],
        [
          'LifeboatLossTooGreat LifeboatPointOld old_backups',
          changed(sound, mail('backup_last_success_timestamp'), one),
        ],
        ['LifeboatPointNever old_backups', changed(sound, mail('backup_last_success_timestamp'), zero)],
        ['LifeboatDrillOverdue', [...changed(sound, 'dr_test_last_success_timestamp', zero), drill]],
        ['LifeboatKeysUntested', changed(sound, 'lifeboat_keys_tested', `-4000000x${hours}`)],
      ];
      const rang = ringing(
        rules,
        last,
        cases.map(([, series]) => series),
      );
      expect(rang).toEqual(cases.map(([expected]) => expected));
    },
    180_000,
  );
});
