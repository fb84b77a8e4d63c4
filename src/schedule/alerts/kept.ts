import { formatDuration, limits } from '../../core/index.ts';
import { rhythmOf, type Plan, type Policy } from '../../plan/index.ts';
import { lossTarget } from '../../reports/index.ts';
import { backupPlaces } from '../facts.ts';
import type { Task } from '../task.ts';
import { tasksOf, type Keeper } from '../tasks.ts';
import { meanSize, of, rule, seconds, type AlertRule } from './shape.ts';

export function ofPoints(plan: Plan, keeperOf: (asset: string) => Keeper): AlertRule[] {
  const places = Map.groupBy(backupPlaces({ plan, keeperOf }), ({ policy }) => policy);
  const size = `backup_size_bytes${of(plan)}`;
  const mean = meanSize(of(plan), '7d');
  const perPolicy = [...places].flatMap(([name, held]) => {
    const it = of(plan, { policy: name });
    const last = `backup_last_success_timestamp${it}`;
    const maxMs = ageMaxMs(plan.policies.get(name));
    const words = `{{ $labels.asset }} in {{ $labels.store }}`;
    return [
      rule(
        'LifeboatPointOld',
        `time() - (${last} > 0) > ${seconds(maxMs)}`,
        'critical',
        `The newest point of ${words} is older than ${formatDuration(maxMs)}`,
        '5m',
      ),
      rule('LifeboatPointNever', `${last} == 0`, 'critical', `There is no point of ${words}`, '1h'),
      rule(
        'LifeboatPointUnseen',
        `(count(${last}) or vector(0)) < ${held.length}`,
        'critical',
        `Of ${held.length} places with points of policy ${name} not all are told of`,
        '15m',
        { policy: name },
      ),
    ];
  });
  if (perPolicy.length === 0) return [];
  return [
    ...perPolicy,
    ...losses(plan, [...new Set([...places.values()].flat().map(({ asset }) => asset))]),
    rule(
      'LifeboatPointSize',
      `abs(${size} - ${mean}) / ${mean} > 0.5`,
      'warning',
      'A point of {{ $labels.asset }} is much larger or smaller than those of the week',
      '10m',
    ),
  ];
}

/** Where no stream measures it, all since the newest point is at stake. */
function losses(plan: Plan, assets: readonly string[]): AlertRule[] {
  return assets.flatMap((asset) => {
    const policy = plan.policies.get(plan.assets.get(asset)?.policy ?? '');
    const target = policy?.streams === undefined ? lossTarget(plan, asset) : undefined;
    const gapMs = rhythmOf(policy?.every ?? [])?.longestGapMs ?? 0;
    // A target that the calendar never keeps is an error of the plan (time.rpo): it would ring between any two points.
    if (target === undefined || target.ms < gapMs + (policy?.budgetMs ?? 0) + spreadOf(gapMs)) return [];
    const last = `backup_last_success_timestamp${of(plan, { asset })}`;
    return [lossRule(asset, `min by (asset) (time() - (${last} > 0))`, target)];
  });
}

const lossRule = (asset: string, loss: string, target: { ms: number; of: string }): AlertRule =>
  rule(
    'LifeboatLossTooGreat',
    `${loss} > ${seconds(target.ms)}`,
    'critical',
    `More of ${asset} would be lost than ${target.of} may lose (${formatDuration(target.ms)})`,
    '1m',
  );

/** The age that a newest point may have: what the plan says, else the longest gap of its calendar with what taking one lasts. */
export function ageMaxMs(policy: Policy | undefined): number {
  const said = policy?.verifies?.youngerThanMs;
  if (said !== undefined) return said;
  const gapMs = rhythmOf(policy?.every ?? [])?.longestGapMs ?? 86_400_000;
  return gapMs + (policy?.budgetMs ?? 0) + spreadOf(gapMs) + limits.pointGraceMs;
}

const spreadOf = (gapMs: number): number => Math.min(gapMs / 10, limits.spreadMsMax);

export function ofTasks(plan: Plan, keeperOf: (asset: string) => Keeper): AlertRule[] {
  const it = of(plan);
  return [
    rule(
      'LifeboatTaskFailing',
      `lifeboat_task_failures${it} >= 3`,
      'critical',
      '{{ $labels.task }} failed {{ $value }} times in a row',
      '1m',
    ),
    rule(
      'LifeboatTaskRed',
      `lifeboat_task_red${it} > 0`,
      'critical',
      '{{ $labels.task }} took place, and what it found is bad',
    ),
    rule(
      'LifeboatTaskSilent',
      `lifeboat_task_silent${it} > 0`,
      'critical',
      '{{ $labels.task }} is under way and hangs',
      '5m',
    ),
    rule(
      'LifeboatTaskLate',
      // A quarter of an hour is nothing to a thousand nightly points that are taken four at a time.
      `lifeboat_task_late_seconds${it} > ${seconds(limits.jobSilentMs)} and lifeboat_task_late_seconds${it} > 0.1 * lifeboat_task_rhythm_seconds${it}`,
      'warning',
      '{{ $labels.task }} is due and has not begun',
      '5m',
    ),
    rule(
      'LifeboatTurnsMissed',
      // Not by the increase of what was missed: who scrapes seldom, or just after a sleep, sees none.
      `time() - (lifeboat_task_last_missed_timestamp_seconds${it} > 0) < 3600`,
      'info',
      '{{ $labels.task }} was due more often than it was done',
    ),
    ...tasksOf(plan, keeperOf).flatMap((task) => overdue(plan, task)),
  ];
}

/** Points and drills have rules of their own. */
function overdue(plan: Plan, { id, work, calendars }: Task): AlertRule[] {
  const gapMs = rhythmOf(calendars)?.longestGapMs;
  if (gapMs === undefined || work.kind === 'backup' || work.kind === 'drill') return [];
  const boundMs = gapMs + spreadOf(gapMs) + graceOf(gapMs);
  const labels = of(plan, { task: id });
  const since = `(lifeboat_task_last_success_timestamp_seconds${labels} > 0 or lifeboat_task_adopted_timestamp_seconds${labels})`;
  // What took place and is red rings for that.
  const expr = `time() - ${since} > ${seconds(boundMs)} unless lifeboat_task_red${labels} > 0`;
  return [
    rule('LifeboatTaskOverdue', expr, 'warning', `${id} was not done for more than ${formatDuration(boundMs)}`, '10m'),
  ];
}

/** Reading back a store of a terabyte lasts hours. */
const graceOf = (gapMs: number): number => Math.max(limits.pointGraceMs, gapMs / 4);

export function ofDrills(plan: Plan): AlertRule[] {
  return [...plan.drills.values()].flatMap(({ name, every, budget }) => {
    const gapMs = rhythmOf(every)?.longestGapMs;
    if (gapMs === undefined) return [];
    const maxMs = gapMs + Math.max(86_400_000, budget?.toMs ?? 0);
    const it = of(plan, { drill: name });
    const since = `(dr_test_last_success_timestamp${it} > 0 or lifeboat_drill_adopted_timestamp_seconds${it})`;
    return [
      rule(
        'LifeboatDrillOverdue',
        `time() - ${since} > ${seconds(maxMs)}`,
        'warning',
        `The drill ${name} has not passed for more than ${formatDuration(maxMs)}`,
        '10m',
      ),
    ];
  });
}

export function ofStreams(plan: Plan): AlertRule[] {
  const streamed = [...plan.assets.values()].filter(
    ({ policy }) => plan.policies.get(policy ?? '')?.streams !== undefined,
  );
  return streamed.flatMap(({ name }) => {
    const it = of(plan, { asset: name });
    const target = lossTarget(plan, name);
    const said = seconds(4 * limits.streamSilentMs);
    return [
      rule(
        'LifeboatStreamDown',
        `absent(lifeboat_stream_up${it} == 1)`,
        'critical',
        `The log of ${name} is not kept`,
        '5m',
        { asset: name },
      ),
      rule(
        'LifeboatStreamSilent',
        `time() - lifeboat_stream_last_said_timestamp_seconds${it} > ${said}`,
        'critical',
        `The stream of ${name} says nothing`,
        '5m',
      ),
      ...(target === undefined ? [] : [lossRule(name, `min by (asset) (lifeboat_stream_loss_seconds${it})`, target)]),
    ];
  });
}
