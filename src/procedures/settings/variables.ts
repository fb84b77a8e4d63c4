import { isoTime } from '../../core/index.ts';
import type { Scenario } from '../../plan/index.ts';
import type { Environment } from '../step.ts';
import type { Incident } from '../run-types.ts';

/** The names that `${…}` may use in a run: incident, environment, run and the outputs of earlier steps. */
export function variablesOf(facts: {
  run: string;
  mode: string;
  scenario: Pick<Scenario, 'name' | 'parameters'>;
  environment: Environment;
  incident: Incident;
  outputs: ReadonlyMap<string, Record<string, unknown>>;
  /** As this run was given them; else their defaults. */
  parameters?: Readonly<Record<string, unknown>> | undefined;
}): Record<string, unknown> {
  const { environment, incident } = facts;
  return {
    run: { id: facts.run, mode: facts.mode },
    scenario: { name: facts.scenario.name },
    parameters: { ...defaultsOf(facts.scenario), ...facts.parameters },
    environment: {
      name: environment.name,
      protected: environment.protected,
      ephemeral: environment.ephemeral,
      folder: environment.folder,
    },
    incident: {
      impact: isoTime(incident.impactMs),
      declared: isoTime(incident.declaredMs),
      lastGood: isoTime(incident.lastGoodMs),
    },
    steps: Object.fromEntries(facts.outputs),
  };
}

/** What steps below a name gave, by the rest of their names. */
export const outputsWithin = (
  outputs: ReadonlyMap<string, Record<string, unknown>>,
  scope: string,
): Record<string, Record<string, unknown>> =>
  Object.fromEntries(
    [...outputs].flatMap(([id, one]) => (id.startsWith(`${scope}.`) ? [[id.slice(scope.length + 1), one]] : [])),
  );

/** A drill asks nobody: a parameter without a default is not there, and an expression that names it says so. */
const defaultsOf = ({ parameters }: Pick<Scenario, 'parameters'>): Record<string, unknown> =>
  Object.fromEntries(
    [...(parameters ?? [])].flatMap(([name, one]) => (one.default === undefined ? [] : [[name, one.default]])),
  );
