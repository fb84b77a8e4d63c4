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

export const rule = (
  alert: string,
  expr: string,
  severity: Severity,
  summary: string,
  forText?: string,
): AlertRule => ({
  alert,
  expr,
  ...(forText === undefined ? {} : { for: forText }),
  labels: { severity },
  annotations: { summary },
});

/** Labels of a metric: `{plan="shop",policy="daily"}` */
export const of = (plan: Plan, labels: Readonly<Record<string, string>> = {}): string =>
  `{${Object.entries({ plan: plan.name, ...labels })
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}}`;

export const seconds = (ms: number): number => Math.ceil(ms / 1000);
