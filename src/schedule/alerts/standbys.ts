import { formatDuration, limits } from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';
import { of, rule, seconds, type AlertRule } from './shape.ts';

/** A standby says how it stands at each look into its store; whoever needs it wants it within minutes. */
const behindMs = 300_000;

/** Standbys that are fed from a store, wherever they are kept: a machine tells of those that it keeps. */
export function ofStandbys(plan: Plan): AlertRule[] {
  const databases = [...plan.assets.values()].filter(({ type }) => type === 'postgres');
  if (databases.length === 0) return [];
  const it = of(plan);
  return [
    rule(
      'LifeboatStandbySilent',
      `time() - lifeboat_standby_last_said_timestamp_seconds${it} > ${seconds(4 * limits.streamSilentMs)}`,
      'critical',
      'The standby of {{ $labels.asset }} says nothing: nobody brings it log',
      '5m',
    ),
    rule(
      'LifeboatStandbyWaiting',
      `lifeboat_standby_following${it} == 0 unless lifeboat_standby_being_made${it} > 0`,
      'warning',
      'The standby of {{ $labels.asset }} does not follow its store: lifeboat status says why',
      '15m',
    ),
    // It is told of as alive as long as its process is there: one that hangs would be a standby in the making for ever.
    rule(
      'LifeboatStandbyMaking',
      `lifeboat_standby_being_made${it} > 0`,
      'warning',
      'The standby of {{ $labels.asset }} is still being made: see whether it hangs',
      '12h',
    ),
    ...databases.map(({ name, standbys }) => {
      // One that follows by a connection of its own is none of ours.
      const ours = [...(standbys?.values() ?? [])].filter(({ folder }) => folder !== undefined);
      const lags = ours.flatMap(({ lagMs }) => lagMs ?? []);
      const mayMs = lags.length === 0 ? behindMs : Math.min(...lags);
      const one = of(plan, { asset: name });
      return rule(
        'LifeboatStandbyBehind',
        `lifeboat_standby_following${one} == 1 and lifeboat_standby_behind_seconds${one} > ${seconds(mayMs)}`,
        'warning',
        `The standby of ${name} is more than ${formatDuration(mayMs)} behind its store`,
        '10m',
      );
    }),
  ];
}
