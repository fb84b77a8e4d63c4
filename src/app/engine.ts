import { mkdir } from 'node:fs/promises';
import { LifeboatError } from '../core/index.ts';
import { embeddedEngine, elsewhereBy, restateEngine, siteWorker, type Engine, type Site } from '../engine/index.ts';
import type { Workspace } from '../operations/index.ts';
import type { EngineDeclaration, Plan } from '../plan/index.ts';
import type { EngineOfRun, Environment, RunnerTools } from '../procedures/index.ts';
import { lastingEnvironment } from './environment.ts';
import { runnerTools } from './tools.ts';

export const engineNames = ['embedded', 'restate'] as const;
export type EngineName = (typeof engineNames)[number];

/** Something that keeps a run going, and the site that leads it there. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly site: string;
  /** Whether the run goes on when this process ends. */
  readonly outlivesUs: boolean;
}

/** Throws `input.flag` for an engine that the plan does not name. */
export function engineFor(
  workspace: Workspace,
  name: EngineName,
  options: { readonly tools?: RunnerTools; readonly signal?: AbortSignal },
): ChosenEngine {
  const { clock, journal, plan } = workspace;
  if (name === 'restate') {
    const { at, site } = declaredEngine(plan);
    return { engine: restateEngine({ at, clock }), site, outlivesUs: true };
  }
  const { signal, tools = runnerTools(workspace) } = options;
  const actions = siteWorker({
    name: hereOf(plan),
    tools,
    environment: groundOf(workspace),
    ...(signal === undefined ? {} : { signal }),
  });
  const engine = embeddedEngine({ actions, journal, clock, planHash: plan.hash });
  return { engine, site: hereOf(plan), outlivesUs: false };
}

/** The engine that a run was handed to, however the plan names engines now. */
export const engineOfRun = ({ clock }: Pick<Workspace, 'clock'>, { at }: EngineOfRun): Engine =>
  restateEngine({ at, clock });

/** The nodes of it as one text each. Throws `input.flag`. */
export function declaredEngine({
  tool: { engine },
  file,
}: Pick<Plan, 'tool' | 'file'>): EngineDeclaration & { readonly at: string; readonly admin: string } {
  if (engine !== undefined)
    return { ...engine, at: [engine.at].flat().join(','), admin: [engine.admin].flat().join(',') };
  throw new LifeboatError('input.flag', 'the plan names no engine that keeps runs going', {
    where: file,
    hint: 'Write tool: { engine: { type: restate, at: http://127.0.0.1:8080, admin: http://127.0.0.1:9070, site: DOMAIN } }.',
  });
}

/** What a worker of a site does for the engine of the plan: all steps of runs that it leads, and those of others that name it. */
export function siteOf(workspace: Workspace, name: string): Site {
  const { type, at, site: leader } = declaredEngine(workspace.plan);
  mustBeSite(workspace.plan, name);
  return {
    name,
    tools: { ...runnerTools(workspace), elsewhere: elsewhereBy({ at, site: name, clock: workspace.clock }) },
    environment: groundOf(workspace),
    ...(name === leader ? { engine: { name: type, site: leader, at } } : {}),
  };
}

function mustBeSite({ domains }: Plan, name: string): void {
  if (domains.has(name)) return;
  throw new LifeboatError('plan.unknown_name', `the plan has no domain ${name}`, {
    hint: `A site is one of its domains: ${[...domains.keys()].join(', ') || 'there are none'}.`,
  });
}

const groundOf =
  (workspace: Workspace) =>
  async (name: string, run: string): Promise<Environment> => {
    const environment = lastingEnvironment(workspace, name, run);
    // Servers may be started as another user, who must be able to pass through (and not to list) the folders above their own.
    await mkdir(environment.folder, { recursive: true, mode: 0o711 });
    return environment;
  };

/** The place of this process in the tree of domains, where the plan says it. */
const hereOf = ({ tool }: Plan): string => tool.domain ?? 'here';
