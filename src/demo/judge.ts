import { join } from 'node:path';
import type { OpenWorkspace } from '../app/index.ts';
import type { CheckResult } from '../checks/index.ts';
import { messageOf } from '../core/index.ts';
import type { RestoreReport } from '../operations/index.ts';
import type { RunResult } from '../procedures/index.ts';
import { compare, readLedger, type Comparison } from './ledger.ts';
import { readOrders, readProducts, readUploads } from './proof.ts';
import type { Shop } from './shop.ts';

export interface AssetOutcome extends Comparison {
  readonly asset: string;
  readonly bytes: number;
  /** From the impact until this asset was back with all its checks green; undefined: it did not come back. */
  readonly rtoSeconds: number | undefined;
  readonly rtoTargetSeconds: number;
  readonly rpoTargetSeconds: number;
  readonly point: { readonly id: string; readonly atMs: number; readonly store: string } | undefined;
  readonly checks: readonly Pick<CheckResult, 'name' | 'ok' | 'observed' | 'expected'>[];
  readonly verdict: 'pass' | 'fail';
}

export interface DemoOutcome {
  readonly verdict: 'pass' | 'fail';
  readonly scenarios: readonly AssetOutcome[];
  readonly run: RunResult;
  readonly page: string;
  readonly evidence: string;
  readonly folder: string;
}

/** Holds every asset against its ledger: by reading what came back from outside, never by asking the restore. */
export async function judge(
  workspace: OpenWorkspace,
  shop: Shop,
  run: RunResult,
  restored: readonly RestoreReport[],
  impactMs: number,
): Promise<AssetOutcome[]> {
  const outcomes: AssetOutcome[] = [];
  for (const asset of workspace.plan.assets.keys()) {
    const report = restored.find(({ plan }) => plan.request.asset === asset);
    outcomes.push(await judgeAsset({ workspace, shop, run, report, impactMs, asset }));
  }
  return outcomes;
}

interface Case {
  readonly workspace: OpenWorkspace;
  readonly shop: Shop;
  readonly run: RunResult;
  readonly report: RestoreReport | undefined;
  readonly impactMs: number;
  readonly asset: string;
}

async function judgeAsset({ workspace, shop, run, report, impactMs, asset }: Case): Promise<AssetOutcome> {
  const objectives = { ...workspace.plan.objectives, ...workspace.plan.scenarios.get(run.scenario)?.objectives };
  const targets = {
    rtoTargetSeconds: (objectives.rtoMs ?? 0) / 1000,
    rpoTargetSeconds: (objectives.rpoMs ?? 0) / 1000,
  };
  const acknowledged = await readLedger(join(shop.ledgers, `${asset}.ledger`));
  const back = await readBack(asset, report);
  const comparison = compare(acknowledged, back.content, impactMs);
  const rtoSeconds = report === undefined ? undefined : rtoOf(run, asset, impactMs);
  const checks = [
    ...(report?.checks ?? []),
    ...back.checks,
    {
      name: 'what came back is what was acknowledged',
      ok: comparison.wrong === 0,
      observed: `${comparison.wrong} differ`,
      expected: '0 differ',
    },
    { name: 'the procedure is done', ok: run.verdict === 'done', observed: run.verdict, expected: 'done' },
  ];
  const met =
    checks.every(({ ok }) => ok) &&
    rtoSeconds !== undefined &&
    rtoSeconds <= targets.rtoTargetSeconds &&
    comparison.rpoSeconds <= targets.rpoTargetSeconds;
  const point =
    report === undefined
      ? undefined
      : { id: report.plan.point.id, atMs: report.plan.point.atMs, store: report.plan.store };
  return {
    asset,
    bytes: report?.plan.bytes ?? 0,
    rtoSeconds,
    ...comparison,
    ...targets,
    point,
    checks,
    verdict: met ? 'pass' : 'fail',
  };
}

async function readBack(
  asset: string,
  report: RestoreReport | undefined,
): Promise<{ content: Map<number, string>; checks: AssetOutcome['checks'] }> {
  const name = 'the restored copy can be read from outside';
  const expected = 'some found';
  if (report === undefined)
    return { content: new Map(), checks: [{ name, ok: false, observed: 'nothing was restored', expected }] };
  try {
    const content = await contentOf(asset, report);
    return { content, checks: [{ name, ok: content.size > 0, observed: `${content.size} found`, expected }] };
  } catch (error) {
    return { content: new Map(), checks: [{ name, ok: false, observed: messageOf(error), expected }] };
  }
}

async function contentOf(asset: string, { plan, copy }: RestoreReport): Promise<Map<number, string>> {
  if (asset === 'orders') return readOrders(copy?.url ?? '');
  if (asset === 'catalog') return readProducts(plan.target);
  return readUploads(plan.target);
}

/** To the end of the last step that had to do with the asset: its restore, and the check of what was restored. */
function rtoOf(run: RunResult, asset: string, impactMs: number): number | undefined {
  const ends = run.steps
    .filter(({ id, state }) => state === 'done' && (id === asset || id === `${asset}_answer`))
    .map(({ finishedMs }) => finishedMs ?? 0);
  return ends.length === 0 ? undefined : (Math.max(...ends) - impactMs) / 1000;
}
