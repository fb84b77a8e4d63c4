import type { Alert, Plan } from '../../plan/index.ts';
import { meanSize, of, seconds, type AlertRule } from './shape.ts';

/** An alert of the plan: its own words to Prometheus, or what its figures say of our metrics; undefined: of something that none of them tells. */
export function ruleOf(plan: Plan, name: string, alert: Alert): AlertRule | undefined {
  const expr = alert.query ?? expressionOf(plan, alert);
  if (expr === undefined) return undefined;
  const summary = alert.says ?? `${name} of plan ${plan.name}`;
  const { forMs = 0 } = alert;
  return {
    alert: name,
    expr,
    for: `${seconds(forMs)}s`,
    labels: {
      severity: alert.priority ?? 'warning',
      ...(alert.notify === undefined ? {} : { notify: alert.notify.join(',') }),
    },
    annotations: { summary },
  };
}

function expressionOf(plan: Plan, { kind, watch = {}, olderThanMs, changesBy, overMs }: Alert): string | undefined {
  const { asset, policy, drill, store, service } = watch;
  if (service !== undefined) return undefined;
  const labels = of(plan, {
    ...(asset === undefined ? {} : { asset }),
    ...(policy === undefined ? {} : { policy }),
    ...(store === undefined ? {} : { store }),
  });
  if (kind === 'freshness' && olderThanMs !== undefined) {
    const drills = of(plan, drill === undefined || drill === 'any' ? {} : { drill });
    const last =
      drill === undefined ? `backup_last_success_timestamp${labels}` : `dr_test_last_success_timestamp${drills}`;
    return `time() - ${drill === 'any' ? `max(${last})` : last} > ${seconds(olderThanMs)}`;
  }
  if (kind === 'size' && changesBy !== undefined) {
    const size = `backup_size_bytes${labels}`;
    const mean = meanSize(labels, `${seconds(overMs ?? 7 * 86_400_000)}s`);
    return `abs(${size} - ${mean}) / ${mean} > ${changesBy}`;
  }
  if (kind === 'failure' && asset !== undefined)
    return `lifeboat_task_failures${of(plan, { task: `backup ${asset}` })} > 0`;
  if (kind === 'failure' && policy !== undefined) {
    const assets = [...plan.assets.values()].filter((one) => one.policy === policy).map((one) => one.name);
    return (
      assets.map((one) => `lifeboat_task_failures${of(plan, { task: `backup ${one}` })} > 0`).join(' or ') || undefined
    );
  }
  return undefined;
}
