import { assetsStatus } from './assets.ts';
import { channelProblems } from './channels.ts';
import { drillsStatus } from './drills.ts';
import type { StatusFacts } from './facts.ts';
import { keysStatus } from './keys.ts';
import { scenariosStatus } from './scenarios.ts';
import { scheduleStatus } from './schedule.ts';
import { servicesStatus } from './services.ts';
import { standbysStatus } from './standbys.ts';
import type { Problem, Status } from './status-types.ts';

/** Readiness at one moment. Pure: the same facts give the same status. */
export function statusOf(facts: StatusFacts): Status {
  const assets = assetsStatus(facts);
  const drills = drillsStatus(facts);
  const scenarios = scenariosStatus(facts, assets, drills);
  const keys = keysStatus(facts);
  const schedule = scheduleStatus(facts);
  const standbys = standbysStatus(facts);
  const problems = [
    ...planProblems(facts),
    ...[...assets, ...drills, ...keys, schedule, ...standbys].flatMap((one) => one.problems),
    ...channelProblems(facts),
  ];
  return {
    atMs: facts.nowMs,
    plan: facts.plan.name,
    services: servicesStatus(facts, assets, scenarios),
    assets,
    scenarios,
    drills,
    keys,
    schedule,
    standbys,
    problems,
    unanswered: facts.unanswered,
  };
}

function planProblems({ findings, damage }: StatusFacts): Problem[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const first = errors[0];
  return [
    ...(first === undefined
      ? []
      : [
          {
            code: 'plan' as const,
            about: 'the plan',
            words: `${errors.length} error${errors.length === 1 ? '' : 's'}, the first: ${first.message}`,
            hint: 'lifeboat check',
          },
        ]),
    ...damage.map(({ store, object, what }) => ({
      code: 'damage' as const,
      about: store,
      words: `${object}: ${what}`,
      hint: 'lifeboat verify --all',
    })),
  ];
}
