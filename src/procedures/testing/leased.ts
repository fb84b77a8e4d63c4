/**
 * Benches that share a store, as two machines do: each with a state of its own. As a script, a runner that holds the target and acts twice:
 * node leased.ts FOLDER STORE LEDGER LEASE_MS
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../core/index.ts';
import type { StoreDeclaration } from '../../plan/index.ts';
import { fsStore } from '../../stores/fs/index.ts';
import type { Store } from '../../stores/index.ts';
import { runProcedure, type RunnerTools } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from './bench.ts';

export const openShared = (path: string): Promise<Store> =>
  fsStore.open({ path }, { baseFolder: '/', create: true, clock: systemClock });

/** `wrap` makes the store worse than it is. */
export function machineWith(
  path: string,
  options: { folder?: string; leaseMs: number; clock?: Clock; wrap?: (store: Store) => Store },
): Bench & { readonly tools: RunnerTools } {
  const { folder, leaseMs, clock = systemClock, wrap = (store: Store) => store } = options;
  const declaration: StoreDeclaration = { name: 'near', type: 'fs', domain: undefined, settings: { path } };
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const bench = makeBench({
    clock,
    ...(folder === undefined ? {} : { folder }),
    plan: { stores: new Map([['near', declaration]]) },
  });
  const workspace = { ...bench.workspace, place: async () => wrap(await openShared(path)) };
  return { ...bench, workspace, tools: { ...bench.tools, workspace, leaseMs } };
}

/** Two effects, with time between them. */
export const twoEffects = (ledger: string, who: string, pauseMs: number): ReturnType<typeof scenarioOf> =>
  scenarioOf(
    stepOf('first', 'exec', ['sh', '-c', 'echo "$1" >> "$0"', ledger, `${who} first`]),
    stepOf('pause', 'wait', `${pauseMs}ms`),
    stepOf('second', 'exec', ['sh', '-c', 'echo "$1" >> "$0"', ledger, `${who} second`]),
  );

const [, script = '', folder = '', store = '', ledger = '', leaseMs = ''] = process.argv;
if (script.endsWith('leased.ts')) {
  const bench = machineWith(store, { folder: join(folder), leaseMs: Number(leaseMs) });
  const result = await runProcedure({
    scenario: twoEffects(ledger, 'asleep', 300),
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });
  process.stdout.write(`${result.verdict} ${result.reason?.code}\n`);
  bench.close();
}
