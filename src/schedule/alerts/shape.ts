import type { Plan } from '../../plan/index.ts';

/** A rule as Prometheus reads it. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface AlertRules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
  /** Alerts that the plan declares and that no metric of ours can tell. */
  readonly left: readonly string[];
}

export type Severity = 'critical' | 'warning' | 'info';

/** Every alert that is made from a plan without being declared in it. Each has a test in which it rings: see `alarms.test.ts`. */
export const alertNames = [
  'LifeboatDown',
  'LifeboatTwice',
  'LifeboatStuck',
  'LifeboatTrouble',
  'LifeboatPlanRefused',
  'LifeboatKeysUntested',
  'LifeboatHeartbeatLost',
  'LifeboatPointOld',
  'LifeboatPointNever',
  'LifeboatPointUnseen',
  'LifeboatPointSize',
  'LifeboatLossTooGreat',
  'LifeboatTaskFailing',
  'LifeboatTaskRed',
  'LifeboatTaskSilent',
  'LifeboatTaskLate',
  'LifeboatTaskOverdue',
  'LifeboatTurnsMissed',
  'LifeboatDrillOverdue',
  'LifeboatStreamDown',
  'LifeboatStreamSilent',
  'LifeboatStandbySilent',
  'LifeboatStandbyWaiting',
  'LifeboatStandbyMaking',
  'LifeboatStandbyBehind',
  'LifeboatChannelFailing',
  'LifeboatMessagesWaiting',
] as const;
export type AlertName = (typeof alertNames)[number];

/** `labels`: what it is about, where the expression drops that: two alerts of the same labels are one to whoever is called. */
export const rule = (
  alert: AlertName,
  expr: string,
  severity: Severity,
  summary: string,
  forText?: string,
  labels: Readonly<Record<string, string>> = {},
): AlertRule => ({
  alert,
  expr,
  ...(forText === undefined ? {} : { for: forText }),
  labels: { severity, ...labels },
  annotations: { summary },
});

/** Labels of a metric: `{plan="shop",policy="daily"}` */
export const of = (plan: Plan, labels: Readonly<Record<string, string>> = {}): string =>
  `{${Object.entries({ plan: plan.name, ...labels })
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}}`;

/** The mean of what points hold over a time, since there is one: `backup_size_bytes` is 0 for never, which would pull it down for a week. */
export const meanSize = (labels: string, over: string): string =>
  `avg_over_time(lifeboat_backup_known_bytes${labels}[${over}])`;

export const seconds = (ms: number): number => Math.ceil(ms / 1000);
