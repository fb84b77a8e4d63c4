import { writeReport, type OpenWorkspace } from '../app/index.ts';
import type { RunResult } from '../procedures/index.ts';
import { recoveryEvidence, type RecoveryMeasured } from '../reports/index.ts';
import type { DemoFolder } from './folder.ts';
import type { AssetOutcome, DemoOutcome } from './judge.ts';

/** Writes down what was measured, and from the journal the evidence and its page. */
export async function writeDown(
  workspace: OpenWorkspace,
  folder: DemoFolder,
  run: RunResult,
  assets: readonly AssetOutcome[],
): Promise<DemoOutcome> {
  workspace.journal.append('recovery.measured', { ...measuredOf(run, assets) }, { run: run.run });
  const evidence = recoveryEvidence(workspace.journal.records({ run: run.run }));
  const files = await writeReport(workspace, evidence);
  const good = assets.every(({ verdict }) => verdict === 'pass') && evidence.verdict === 'pass';
  return { verdict: good ? 'pass' : 'fail', scenarios: assets, run, ...files, folder: folder.root };
}

function measuredOf(run: RunResult, assets: readonly AssetOutcome[]): RecoveryMeasured {
  const [first] = assets;
  return {
    assets: assets.map((item) => ({
      asset: item.asset,
      bytes: item.bytes,
      point: item.point,
      rpoMs: item.point === undefined ? undefined : item.rpoSeconds * 1000,
      bound: false,
      how: 'from the newest acknowledged write that came back to the impact, by the writers’ own ledger',
      acknowledged: item.written,
      restored: item.restored,
      lost: item.lost,
      ...(item.rtoSeconds === undefined ? {} : { rtoMs: item.rtoSeconds * 1000 }),
    })),
    checks: assets.flatMap(({ asset, checks }) => checks.map((check) => ({ ...check, asset }))),
    expected: {
      rtoMs: (first?.rtoTargetSeconds ?? 0) * 1000,
      rpoMs: (first?.rpoTargetSeconds ?? 0) * 1000,
      health: true,
    },
    greenMs: run.finishedMs ?? run.startedMs + run.seconds * 1000,
  };
}
