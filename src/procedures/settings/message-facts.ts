import { formatDuration } from '../../core/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { variablesOf } from './variables.ts';

/** What messages may say of a run: as `${…}` in steps, with what people ask first. What is not known yet is not there. */
export function messageFacts(active: ActiveRun): Record<string, unknown> {
  const { incident, scenario, tools } = active;
  const variables = variablesOf(active) as Record<'incident' | 'run' | 'scenario', Record<string, unknown>>;
  const { plan, clock } = tools.workspace;
  const services = [...plan.services.values()].filter(({ needs }) =>
    needs.some((need) => scenario.loses.assets.includes(need)),
  );
  const { trigger, impact, goal, severity } = scenario;
  return {
    ...variables,
    plan: { name: plan.name },
    scenario: {
      ...variables.scenario,
      service: services.length === 0 ? scenario.name : services.map(({ name }) => name).join(', '),
      ...known({ trigger, impact, goal, severity }),
    },
    incident: {
      ...variables.incident,
      start: variables.incident['impact'],
      duration: formatDuration(Math.max(0, clock.now() - incident.impactMs)),
      ...known({ scope: impact }),
    },
    run: { ...variables.run, ...reachedBy(active) },
  };
}

/** Up to which moment the last restore of this run brought the data back. */
function reachedBy({ outputs }: ActiveRun): Record<string, unknown> {
  const last = [...outputs.values()].findLast((one) => one['reached'] !== undefined && one['pointAt'] !== undefined);
  if (last === undefined) return {};
  const reached = last['reached'] as { time?: unknown };
  return { reached: { ...reached, time: reached.time ?? last['pointAt'] } };
}

const known = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
