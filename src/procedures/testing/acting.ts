import type { Plan, StepDeclaration } from '../../plan/index.ts';
import { runProcedure, type RunResult } from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, type Bench } from './bench.ts';

export interface ActingPlan {
  readonly pointers?: Record<string, unknown>;
  /** How the service `shop` runs in production. */
  readonly runs?: Record<string, unknown>;
  /** Servers of PostgreSQL by the names of their assets, with what else stands at the asset. */
  readonly servers?: Readonly<Record<string, { url: string; standbys?: ReadonlyMap<string, unknown> }>>;
}

/** A bench whose plan has the service `shop` in production, and databases. */
export function actingBench({ pointers = {}, runs, servers = {} }: ActingPlan): Bench {
  const shop = { name: 'shop', rank: undefined, needs: [], objectives: {}, pointers, health: [] };
  const assets = Object.entries(servers).map(([name, { url, standbys }]) => {
    const rest = { domain: undefined, policy: undefined, checks: [], settings: { url } };
    return [name, { name, type: 'postgres', ...rest, ...(standbys === undefined ? {} : { standbys }) }] as const;
  });
  const services = new Map([['shop', { runs, at: undefined }]]);
  const production = { name: 'production', protected: true, ephemeral: false, domain: undefined, services };
  return makeBench({
    plan: {
      services: new Map([['shop', shop]]),
      environments: new Map([['production', production]]),
      assets: new Map(assets),
    } as unknown as Partial<Plan>,
  });
}

export const act = (bench: Bench, ...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: environmentIn(bench.folder),
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });
