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

/** `wrap` makes the store worse than it is; `far` is a second one, of the same machines. */
export function machineWith(
  path: string,
  options: { folder?: string; leaseMs: number; clock?: Clock; wrap?: (store: Store) => Store; far?: string },
): Bench & { readonly tools: RunnerTools } {
  const { folder, leaseMs, clock = systemClock, wrap = (store: Store) => store, far } = options;
  const paths = new Map([['near', path], ...(far === undefined ? [] : [['far', far] as const])]);
  const declared = (name: string, at: string): StoreDeclaration => ({
    name,
    type: 'fs',
    domain: undefined,
    settings: { path: at },
  });
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const bench = makeBench({
    clock,
    ...(folder === undefined ? {} : { folder }),
    plan: { stores: new Map([...paths].map(([name, at]) => [name, declared(name, at)])) },
  });
  const place = async (name: string): Promise<Store> => wrap(await openShared(paths.get(name) ?? path));
  const workspace = { ...bench.workspace, place };
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
