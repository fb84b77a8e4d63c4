import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CaptureFacts, InPlaceKeeping, InPlaceLook } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
import type { Point, PointWriter } from '../../repository/index.ts';
import { damagedObjects } from '../backup.ts';
import type { RestorePlan, Workspace } from '../contract.ts';
import { forget } from '../retention/forget.ts';

/** What stands in a target while it is rewritten: how to complete it, and how to bring back what was. */
export interface InPlaceMark {
  readonly asset: string;
  readonly store: string;
  /** The point that holds what was there before the first change. */
  readonly before: string;
  /** Points of what interrupted rewritings left: of use only to compare with. */
  readonly halves: readonly string[];
  /** The before-image that is being put back; undefined while a point is restored. */
  readonly restores: string | undefined;
}

const markSchema = z.object({
  asset: z.string(),
  store: z.string(),
  before: z.string(),
  halves: z.array(z.string()),
  restores: z.string().optional(),
});

/** Images are points of an asset of their own, which no plan can declare: no restore chooses one by itself, and retention keeps them. */
export const imageAssetOf = (asset: string): string => `${asset}@before-image`;

export const markText = (mark: InPlaceMark): string => `${JSON.stringify(mark)}\n`;

/** Throws `restore.target_unusable` for a mark that we did not write. */
export function readMark({ mark, path }: InPlaceLook): InPlaceMark | undefined {
  if (mark === undefined) return undefined;
  try {
    const { restores, ...rest } = markSchema.parse(JSON.parse(mark));
    return { ...rest, restores };
  } catch (error) {
    throw new LifeboatError('restore.target_unusable', `${path} is half rewritten, and does not say from what`, {
      where: path,
      hint: 'Restore beside: leave --in-place out. Before-images are listed by: lifeboat points',
      cause: error,
    });
  }
}

/**
 * Keeps what stands at the target as a point in the store that is restored from; all of it is read, and of what differs only in pages from the
 * point that comes (`plan.point`) these are stored. Throws as `backup` does.
 */
export async function takeImage(
  workspace: Workspace,
  { plan, keeping }: { plan: Pick<RestorePlan, 'request' | 'store' | 'target' | 'point'>; keeping: InPlaceKeeping },
): Promise<Point> {
  const { clock, host, progress, stateFolder } = workspace;
  const { asset, signal } = plan.request;
  const name = imageAssetOf(asset);
  const scratch = join(stateFolder, 'scratch', name);
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const repository = await workspace.repository(plan.store);
  progress.phase(`${asset}: keeping and comparing what is there`);
  const writer = await repository.write({
    asset: name,
    assetType: workspace.asset(asset).type,
    clock,
    host,
    progress,
    against: plan.point,
    distrust: damagedObjects(workspace, plan.store),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const facts = await addAll(workspace, { plan, keeping }, writer, scratch);
    return await writer.commit(facts, { planHash: workspace.plan.hash, tool: workspace.tool });
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function addAll(
  { progress }: Workspace,
  { plan, keeping }: { plan: Pick<RestorePlan, 'request' | 'target'>; keeping: InPlaceKeeping },
  writer: PointWriter,
  scratch: string,
): Promise<CaptureFacts> {
  const { signal } = plan.request;
  const readSoFar = async (): Promise<void> => void (await writer.settle());
  const capture = keeping.capture(plan.target, {
    progress,
    scratch,
    readSoFar,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    for (;;) {
      if (signal?.aborted) throw new LifeboatError('operation.cancelled', 'the restore was stopped on request');
      const step = await capture.next();
      if (step.done === true) {
        await writer.settle();
        return step.value;
      }
      await writer.add(step.value);
    }
  } finally {
    await capture.return(undefined as never);
  }
}

/** The halves, once nobody needs them. */
export async function forgetImages(workspace: Workspace, store: string, { halves }: InPlaceMark): Promise<void> {
  for (const point of halves) await forget(workspace, { point, store, anyway: true });
}
