import { limits } from '../../core/index.ts';
import { rhythmOf, type Plan } from '../../plan/index.ts';
import { lossTarget } from '../../reports/index.ts';
import { ageMaxMs } from '../alerts/kept.ts';
import { of, seconds } from '../alerts/shape.ts';
import { backupPlaces } from '../facts.ts';
import type { Keeper } from '../tasks.ts';
import { laidOut, type Panel, type Row } from './shape.ts';

/**
 * A dashboard for Grafana, made from the plan: what is kept, how old it is against what the plan allows, and what keeps it. Its data source is chosen in
 * it. Pure.
 */
export function dashboardOf(plan: Plan, keeperOf: (asset: string) => Keeper): Record<string, unknown> {
  const rows = [itself(plan), points(plan, keeperOf), streams(plan), drills(plan), tasks(plan), stores(plan)];
  return {
    // The same plan is the same dashboard, wherever it is imported.
    uid: `lifeboat-${plan.name}`.slice(0, 40),
    title: `Lifeboat: ${plan.name}`,
    description: `Made from the plan ${plan.name} by lifeboat alerts --dashboard. Change the plan and make it anew.`,
    tags: ['lifeboat'],
    schemaVersion: 36,
    editable: true,
    refresh: '1m',
    timezone: 'browser',
    time: { from: 'now-7d', to: 'now' },
    annotations: { list: [] },
    templating: { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' }] },
    panels: laidOut(rows.filter((row) => row.panels.length > 0)),
  };
}

function itself(plan: Plan): Row {
  const it = of(plan);
  const stat = (title: string, expr: string, unit: string, description: string, more: Partial<Panel>): Panel => ({
    title,
    type: 'stat',
    unit,
    description,
    queries: [{ expr, legend: title }],
    ...more,
  });
  return {
    title: 'Lifeboat itself',
    panels: [
      stat('Keeps the schedule', `sum(lifeboat_active${it}) or vector(0)`, 'short', 'How many do; one should', {
        redBelow: 1,
      }),
      stat('Looked at the clock', `max(time() - lifeboat_tick_timestamp_seconds${it})`, 's', 'How long ago', {
        redFrom: seconds(limits.tickSilentMs),
      }),
      stat('Cannot begin anything', `max(lifeboat_trouble${it})`, 'bool_yes_no', 'See its log', { redFrom: 1 }),
      stat('Keeps to an older plan', `max(lifeboat_plan_refused${it})`, 'bool_yes_no', 'The new one has errors', {
        redFrom: 1,
      }),
      stat(
        'Keys tried',
        `max(time() - (lifeboat_keys_tested_timestamp_seconds${it} > 0)) or vector(Inf)`,
        's',
        'How long ago; infinite: never',
        { redFrom: 40 * 86_400 },
      ),
      stat(
        'Alarms',
        `count(ALERTS{alertstate="firing",plan=${JSON.stringify(plan.name)}}) or vector(0)`,
        'short',
        'That ring now',
        {
          redFrom: 1,
        },
      ),
    ],
  };
}

function points(plan: Plan, keeperOf: (asset: string) => Keeper): Row {
  const places = Map.groupBy(backupPlaces({ plan, keeperOf }), ({ policy }) => policy);
  const line = (title: string, metric: string, unit: string, description: string): Panel => ({
    title,
    type: 'timeseries',
    unit,
    description,
    queries: [{ expr: `${metric}${of(plan)}`, legend: '{{asset}} in {{store}}' }],
  });
  const ages = [...places.keys()].map((policy): Panel => {
    const last = `backup_last_success_timestamp${of(plan, { policy })}`;
    return {
      title: `Age of the newest points: ${policy}`,
      description: 'A line that is missing: there is no point yet. Red: older than the plan allows',
      type: 'timeseries',
      unit: 's',
      queries: [{ expr: `time() - (${last} > 0)`, legend: '{{asset}} in {{store}}' }],
      redFrom: seconds(ageMaxMs(plan.policies.get(policy))),
    };
  });
  if (ages.length === 0) return { title: 'Points', panels: [] };
  return {
    title: 'Points',
    panels: [
      ...ages,
      line('What the newest points hold', 'backup_size_bytes', 'bytes', 'Before compression and deduplication'),
      line('What they added to the store', 'lifeboat_backup_stored_bytes', 'bytes', 'After both'),
      line('How long taking them took', 'lifeboat_backup_seconds', 's', 'From begin to visible'),
      {
        title: 'Places without a point',
        description: 'Where none was ever taken',
        type: 'stat',
        unit: 'short',
        queries: [{ expr: `count(backup_last_success_timestamp${of(plan)} == 0) or vector(0)`, legend: 'never' }],
        redFrom: 1,
      },
    ],
  };
}

/** Each with its own promise. */
function streams(plan: Plan): Row {
  const streamed = [...plan.assets.values()].filter(
    ({ policy }) => plan.policies.get(policy ?? '')?.streams !== undefined,
  );
  return {
    title: 'Streams',
    panels: streamed.map(({ name }): Panel => {
      const target = lossTarget(plan, name);
      return {
        title: `What a loss of ${name} would take with it`,
        description: 'As its stream measures it; what is not known is not drawn. Red: more than the plan allows',
        type: 'timeseries',
        unit: 's',
        queries: [{ expr: `lifeboat_stream_loss_seconds${of(plan, { asset: name })}`, legend: '{{store}}' }],
        ...(target === undefined ? {} : { redFrom: seconds(target.ms) }),
      };
    }),
  };
}

function drills(plan: Plan): Row {
  const kept = [...plan.drills.values()].filter(({ every }) => every.length > 0);
  return {
    title: 'Drills',
    panels: kept.map(({ name, every }): Panel => {
      const it = of(plan, { drill: name });
      const gapMs = rhythmOf(every)?.longestGapMs;
      return {
        title: `Since ${name} was passed`,
        description: 'Before it ever was: since it is on the calendar',
        type: 'stat',
        unit: 's',
        queries: [
          {
            expr: `time() - (dr_test_last_success_timestamp${it} > 0 or lifeboat_drill_adopted_timestamp_seconds${it})`,
            legend: name,
          },
        ],
        ...(gapMs === undefined ? {} : { redFrom: seconds(gapMs) }),
      };
    }),
  };
}

function tasks(plan: Plan): Row {
  const it = of(plan);
  const table = (title: string, metric: string, unit: string, description: string, more: Partial<Panel>): Panel => ({
    title,
    type: 'timeseries',
    unit,
    description,
    queries: [{ expr: `lifeboat_task_${metric}${it}`, legend: '{{task}}' }],
    ...more,
  });
  return {
    title: 'What has a calendar',
    panels: [
      table('Under way', 'running', 'short', '1: now', {}),
      table('Tries that failed in a row', 'failures', 'short', 'Three ring', { redFrom: 3 }),
      table('Red', 'red', 'short', '1: what it last found is bad', { redFrom: 1 }),
      table('Late', 'late_seconds', 's', 'Due, and not begun', {}),
      {
        title: 'Next',
        description: 'When each is due',
        type: 'table',
        unit: 's',
        queries: [{ expr: `sort(lifeboat_task_next_timestamp_seconds${it} - time())`, legend: '{{task}}' }],
      },
    ],
  };
}

function stores(plan: Plan): Row {
  const since = (title: string, what: string): Panel => ({
    title,
    description: 'A line that is missing: never',
    type: 'timeseries',
    unit: 's',
    queries: [
      { expr: `time() - (lifeboat_${what}_last_success_timestamp_seconds${of(plan)} > 0)`, legend: '{{store}}' },
    ],
  });
  return {
    title: 'Stores',
    panels: [
      since('Since they were read back, sound', 'verify'),
      ...(plan.stores.size > 1 ? [since('Since they were copied to', 'copy')] : []),
      since('Since retention was applied', 'prune'),
    ],
  };
}
