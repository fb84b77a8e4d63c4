import { formatBytes } from '../../core/index.ts';
import { sentenceDuration, type Finding, type StepDeclaration } from '../../plan/index.ts';
import type { AssetState } from './assets.ts';
import type { History } from './history.ts';
import { everyStep } from './steps.ts';
import type { World } from './world.ts';

/** The size that the sources have today, against the time that the steps have to bring them back. */
export function judgeRestores(world: World, assets: readonly AssetState[], history: History): Finding[] {
  return everyStep(world.plan).flatMap((step) => {
    const asset = assets.find((one) => one.asset === assetOf(step));
    if (asset?.bytes === undefined || step.budgetMs === undefined) return [];
    return judge(world, step, asset.asset, asset.bytes, step.budgetMs, history.restoreRate.get(asset.asset));
  });
}

function judge(
  world: World,
  { id, place }: StepDeclaration,
  asset: string,
  bytes: number,
  budgetMs: number,
  rate: number | undefined,
): Finding[] {
  const has = `the step ${id} has ${sentenceDuration(budgetMs)} to restore ${formatBytes(bytes)} of ${asset}`;
  if (rate === undefined) {
    const message = `${has}, and no restore of it was ever measured on this machine`;
    const hint = `Measure one: lifeboat restore ${asset} --to FOLDER, or lifeboat drill`;
    return [world.found('live.restore_time', place, message, hint, 'info')];
  }
  const expectedMs = (bytes / rate) * 1000;
  if (expectedMs <= budgetMs) return [];
  const message = `${has}, and at the ${formatBytes(rate)} a second of the last restore it takes ${sentenceDuration(expectedMs)}`;
  return [
    world.found('live.restore_time', place, message, 'Give it more time and the scenario with it, or a warm standby.'),
  ];
}

/** `restore: orders`, or `restore: { asset: orders, … }`. */
function assetOf({ kind, settings }: StepDeclaration): string | undefined {
  if (kind !== 'restore') return undefined;
  const named = typeof settings === 'object' && settings !== null ? (settings as { asset?: unknown }).asset : settings;
  return typeof named === 'string' ? named : undefined;
}
