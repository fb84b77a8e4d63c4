import { limits } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import type { Keeper } from '../tasks.ts';
import { ruleOf } from './declared.ts';
import { ofDrills, ofPoints, ofStreams, ofTasks } from './kept.ts';
import { ofStandbys } from './standbys.ts';
import { of, rule, seconds, type AlertRule, type AlertRules } from './shape.ts';

export type { AlertRule, AlertRules } from './shape.ts';

/**
 * What is to ring, made from the plan: who writes no rule forgets none. Everything that has a calendar has a rule for the day on which it stops, hangs or
 * was never done, and the metrics have one for the day on which they are gone. What the plan declares itself comes as it declares it. Pure.
 */
export function alertRules(plan: Plan, keeperOf: (asset: string) => Keeper): AlertRules {
  const declared = [...plan.alerts].map(([name, alert]) => ({ name, written: ruleOf(plan, name, alert) }));
  const own = declared.flatMap(({ written }) => written ?? []);
  const groups = [
    { name: 'lifeboat', rules: ofItself(plan) },
    { name: 'lifeboat-points', rules: ofPoints(plan, keeperOf) },
    { name: 'lifeboat-tasks', rules: ofTasks(plan, keeperOf) },
    { name: 'lifeboat-drills', rules: ofDrills(plan) },
    { name: 'lifeboat-streams', rules: ofStreams(plan) },
    { name: 'lifeboat-standbys', rules: ofStandbys(plan) },
    { name: 'lifeboat-channels', rules: ofChannels(plan) },
    { name: 'declared', rules: own },
  ];
  return {
    groups: groups.filter(({ rules }) => rules.length > 0).map((group) => ({ ...group, rules: ofPlan(plan, group) })),
    left: declared.filter(({ written }) => written === undefined).map(({ name }) => name),
  };
}

/** Those of two plans are told apart, also where an expression drops the label; what the plan words itself is left as it is. */
const ofPlan = (plan: Plan, { name, rules }: AlertRules['groups'][number]): readonly AlertRule[] =>
  name === 'declared' ? rules : rules.map((one) => ({ ...one, labels: { plan: plan.name, ...one.labels } }));

/** Who is to be told of everything else must not fail in silence. */
function ofChannels(plan: Plan): AlertRule[] {
  if (plan.channels.size === 0) return [];
  const it = of(plan);
  return [
    rule(
      'LifeboatChannelFailing',
      `lifeboat_channel_failing${it} > 0`,
      'warning',
      'The channel {{ $labels.channel }} takes no message: lifeboat channel test {{ $labels.channel }}',
      '5m',
    ),
    rule(
      'LifeboatMessagesWaiting',
      `lifeboat_messages_waiting${it} > 0`,
      'critical',
      '{{ $value }} messages to people were taken by no channel',
      '5m',
    ),
  ];
}

function ofItself(plan: Plan): AlertRule[] {
  const it = of(plan);
  const silent = seconds(limits.tickSilentMs);
  const beat = plan.tool.heartbeat;
  const beats = seconds(5 * (beat?.everyMs ?? limits.heartbeatMs));
  return [
    rule('LifeboatDown', `absent(lifeboat_active${it} == 1)`, 'critical', 'Nobody keeps the schedule', '10m'),
    rule(
      'LifeboatTwice',
      `sum by (plan) (lifeboat_active${it}) > 1`,
      'warning',
      'More than one keeps the schedule: see whether a store that tells them of each other is away',
      '5m',
    ),
    rule(
      'LifeboatStuck',
      `time() - lifeboat_tick_timestamp_seconds${it} > ${silent}`,
      'critical',
      'The scheduler hangs',
      '1m',
    ),
    rule('LifeboatTrouble', `lifeboat_trouble${it} > 0`, 'critical', 'Nothing can begin: see the log', '5m'),
    rule(
      'LifeboatPlanRefused',
      `lifeboat_plan_refused${it} > 0`,
      'warning',
      'The plan was changed and has errors; an older one is kept to',
      '15m',
    ),
    rule(
      'LifeboatKeysUntested',
      `time() - lifeboat_keys_tested_timestamp_seconds${it} > ${40 * 86_400}`,
      'warning',
      'No key was tried for forty days, or ever: lifeboat keys test',
      '1h',
    ),
    ...(beat === undefined
      ? []
      : [
          rule(
            'LifeboatHeartbeatLost',
            `time() - max by (plan) (lifeboat_heartbeat_last_success_timestamp_seconds${it}) > ${beats}`,
            'warning',
            'The dead man’s switch does not hear of us',
            '5m',
          ),
        ]),
  ];
}
