import { LifeboatError } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { holdTarget, type Held } from './hold.ts';
import { joined, leaseTarget, type Lease } from './lease/index.ts';
import type { RunRequest } from '../run-types.ts';
import { flatSteps } from '../records/show.ts';
import type { Environment } from '../step.ts';

/**
 * The other environments that steps of a procedure name, by their names. A drill has its bubble for all of them: what is drilled is what
 * runs, and a bubble can reach nothing else. Throws `plan.unknown_name`, `plan.not_executable`.
 */
export function placesOf(
  scenario: Scenario,
  { tools, environment, mode }: Pick<RunRequest, 'tools' | 'environment' | 'mode'>,
  run: string,
): Map<string, Environment> {
  const places = new Map<string, Environment>();
  if (mode === 'drill') return places;
  for (const step of flatSteps(scenario)) {
    if (step.in === undefined || step.in === environment.name || places.has(step.in)) continue;
    if (tools.environment === undefined) {
      throw new LifeboatError('plan.not_executable', `${step.id} acts in ${step.in}, which cannot be had here`, {
        where: step.place.path,
      });
    }
    places.set(step.in, tools.environment(step.in, run));
  }
  return places;
}

/** Where a step acts. */
export const environmentOf = (
  { environment, places }: Pick<ActiveRun, 'environment' | 'places'>,
  step: Pick<StepDeclaration, 'in'>,
): Environment => (step.in === undefined ? environment : (places.get(step.in) ?? environment));

/** Holds all of them on this machine, or none. Throws `run.held`. */
export function holdTargets(workspace: Workspace, environments: readonly Environment[], run: string): Held {
  const held: Held[] = [];
  const release = (): void => held.toReversed().forEach((one) => one.release());
  try {
    for (const { name } of environments) held.push(holdTarget(workspace, name, run));
    return { release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Makes sure that nobody on another machine acts there. A bubble has its own name; nobody else acts in it. */
export async function leaseTargets(
  request: Pick<RunRequest, 'tools' | 'scenario' | 'mode' | 'alone' | 'signal'>,
  environments: readonly Environment[],
  run: string,
): Promise<Lease | undefined> {
  const { tools, scenario, mode, alone = false, signal } = request;
  if (mode === 'drill') return undefined;
  const leases: Lease[] = [];
  try {
    for (const environment of environments) {
      leases.push(
        await leaseTarget({
          workspace: tools.workspace,
          run,
          environment,
          domains: scenario.loses.domains,
          alone,
          signal: signal ?? new AbortController().signal,
          ...(tools.leaseMs === undefined ? {} : { lengthMs: tools.leaseMs }),
        }),
      );
    }
    return joined(leases);
  } catch (error) {
    await Promise.all(leases.map((lease) => lease.release()));
    throw error;
  }
}
