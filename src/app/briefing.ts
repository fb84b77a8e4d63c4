import { isoTime } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import { briefingOf, describeProcedure, listRuns, type Briefing } from '../procedures/index.ts';
import { lastingEnvironment } from './environment.ts';
import { onlyEnvironment, scenarioOf, type RecoverRequest } from './recover.ts';
import { runnerTools } from './tools.ts';

export interface RecoveryBriefing extends Briefing {
  readonly environment: string;
  /** When it was asked, milliseconds since 1970: what was seen then is not so for ever. */
  readonly atMs: number;
  readonly at: string;
}

/** What `recover` would do, how sure that is, and what people have to know before. Executes nothing. Throws `plan.unknown_name`. */
export async function briefing(
  workspace: Workspace,
  request: Omit<RecoverRequest, 'alone' | 'confirm'>,
): Promise<RecoveryBriefing> {
  const { plan, clock, journal } = workspace;
  const scenario = scenarioOf(workspace, request.scenario);
  const environment = request.environment ?? onlyEnvironment(workspace);
  const tools = request.tools ?? runnerTools(workspace);
  const atMs = clock.now();
  const impactMs = request.impactMs ?? atMs;
  const described = await describeProcedure({
    scenario,
    environment: lastingEnvironment(workspace, environment, 'dry-run'),
    tools,
    incident: { impactMs, declaredMs: atMs, lastGoodMs: request.lastGoodMs ?? impactMs },
    parameters: request.parameters ?? {},
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.by?.as === undefined ? {} : { requester: request.by.as }),
  });
  return { ...briefingOf(scenario, plan, described, listRuns(journal)), environment, atMs, at: isoTime(atMs) };
}
