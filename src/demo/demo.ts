import { openWorkspace, initStore, recover, runnerTools, type OpenWorkspace } from '../app/index.ts';
import { systemClock, type Clock, type Progress } from '../core/index.ts';
import { backup, type RestoreReport } from '../operations/index.ts';
import type { RunResult } from '../procedures/index.ts';
import { layOutDemo, type DemoFolder } from './folder.ts';
import { rehearse, reopenShop, type ReopenedShop } from './go-on.ts';
import { judge, type DemoOutcome } from './judge.ts';
import { openShop, type Shop } from './shop.ts';
import { writeDown } from './report.ts';

export interface DemoOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** How often everything is backed up before the disaster; default 4. */
  readonly rounds?: number;
  /** What a test does to the demo between the last backup and the disaster, to see it fail. */
  readonly sabotage?: (demo: { workspace: OpenWorkspace; folder: DemoFolder }) => Promise<void>;
  /** Goes on with the shop after it was recovered and judged, until it returns; then all is closed. Only where everything came back. */
  readonly goesOn?: (demo: RecoveredDemo) => Promise<void>;
  /** Changes the text of the plan before it is used; for the same purpose. */
  readonly editPlan?: (plan: string) => string;
}

/** A demo whose shop was recovered and is open again. */
export interface RecoveredDemo {
  readonly folder: DemoFolder;
  readonly outcome: DemoOutcome;
}

/** Between two rounds of backups, while writes go on: it is what a disaster may cost. */
const pauseMs = 1_500;

/**
 * A disaster on this machine: a small shop under steady writes is protected, loses its databases and files while writes go
 * on, and is recovered by the plan's own procedure; what came back is held against what was acknowledged.
 */
export async function runDemo(options: DemoOptions): Promise<DemoOutcome> {
  const { progress, signal } = options;
  const folder = await layOutDemo(options.editPlan);
  progress.phase('Opening the shop');
  const shop = await openShop(folder, signal);
  let workspace: OpenWorkspace | undefined;
  let reopened: ReopenedShop | undefined;
  const running: RestoreReport[] = [];
  try {
    workspace = await openWorkspace({
      planFile: folder.planFile,
      stateFolder: folder.stateFolder,
      progress,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
    await initStore(workspace.plan, 'cellar', workspace.clock);
    await protect(workspace, shop, options.rounds ?? 4, signal);
    await options.sabotage?.({ workspace, folder });
    const impactMs = await shop.disaster();
    const run = await recoverShop(workspace, impactMs, running, signal);
    const assets = await judge(workspace, shop, run, running, impactMs);
    const outcome = await writeDown(workspace, folder, run, assets);
    if (options.goesOn !== undefined && outcome.verdict === 'pass') {
      progress.phase('Rehearsing it once more, in isolation');
      await rehearse(workspace, signal);
      await shop.close();
      reopened = await reopenShop(folder, running);
      await options.goesOn({ folder, outcome });
    }
    return outcome;
  } finally {
    await reopened?.close();
    await shop.close();
    for (const { copy } of running) await copy?.stop();
    await workspace?.close();
  }
}

async function protect(workspace: OpenWorkspace, shop: Shop, rounds: number, signal: AbortSignal): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    for (const asset of workspace.plan.assets.keys()) await backup(workspace, asset, signal);
    if (round === 1) await shop.waitForWrites(signal);
    await systemClock.sleep(pauseMs, signal);
  }
}

async function recoverShop(
  workspace: OpenWorkspace,
  impactMs: number,
  running: RestoreReport[],
  signal: AbortSignal,
): Promise<RunResult> {
  const tools = runnerTools(workspace);
  return recover(workspace, {
    scenario: 'floor_lost',
    impactMs,
    signal,
    tools: {
      ...tools,
      // Kept so that what the procedure started can be read from outside, and ended when the demo is over.
      restore: async (request) => {
        const report = await tools.restore(request);
        running.push(report);
        return report;
      },
    },
  });
}

export type { AssetOutcome, DemoOutcome } from './judge.ts';
