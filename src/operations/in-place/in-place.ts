import { join, resolve } from 'node:path';
import type { Asset, InPlaceDifference, InPlaceKeeping, InPlaceLook, RewrittenTree } from '../../assets/index.ts';
import { isLifeboatError, LifeboatError, shellWord, toLifeboatError } from '../../core/index.ts';
import { holdLock } from '../../journal/index.ts';
import type { Changeover } from '../../stores/index.ts';
import { hashOfAsset } from '../restore/asset-hash.ts';
import { expectedTime, type RestoreParts } from '../restore/expected-time.ts';
import { forgetImages, markText, readMark, takeImage, type InPlaceMark } from './before-image.ts';
import type { RestorePlan, RestoreReport, RestoreRequest, Workspace } from '../contract.ts';
import { isOutsidePoint } from '../outside-points.ts';
import { laterTexts } from '../restore/later-lives.ts';
import { planRestoreOnto, reachedOf, readPoint, replayOf, tryOut } from '../restore/restore.ts';
import { lockNameOf, withMoreHint } from '../restore/staging.ts';
import { timelinesTaken } from '../restore/timelines-taken.ts';

export interface InPlacePlan {
  readonly plan: RestorePlan;
  readonly look: InPlaceLook;
  /** Of an earlier one that did not come to its end. */
  readonly unfinished: InPlaceMark | undefined;
}

export interface InPlaceReport extends Pick<
  RestoreReport,
  'checks' | 'reached' | 'damage' | 'changeovers' | 'warnings'
> {
  readonly plan: RestorePlan;
  readonly look: InPlaceLook;
  /** The point that holds what was there before, in the store that was read. */
  readonly before: string;
  readonly written: RewrittenTree;
  readonly seconds: number;
}

/** Chooses the point, and looks who is at the target and that nothing runs there; changes nothing. Throws what would stop the restore. */
export async function planInPlace(workspace: Workspace, request: RestoreRequest): Promise<InPlacePlan> {
  // Who stands there is known at once; what the stores hold takes a while.
  const look = await keepingOf(workspace.asset(request.asset)).look(request.target, signalOf(request));
  const plan = await planRestoreOnto(workspace, request, async (_, __, ___, point) => {
    if (isOutsidePoint(point)) throw notInPlace(request.asset);
    mustBeThe(look, point.facts.source.id);
  });
  const expected = expectedTime(workspace, request.asset, plan.bytes, plan.replay?.bytesExpected ?? 0, 'in place');
  const time = { secondsExpected: expected?.seconds, expectedFrom: expected?.from };
  return { plan: { ...plan, ...time }, look, unfinished: readMark(look) };
}

/** How much of the target differs from the point, by sizes and times; changes nothing. Throws what reading the list of a point throws. */
export async function differenceInPlace(workspace: Workspace, { plan, look }: InPlacePlan): Promise<InPlaceDifference> {
  const repository = await workspace.repository(plan.store);
  const contents = await repository.contents(plan.point, { progress: workspace.progress, ...signalOf(plan.request) });
  return keepingOf(workspace.asset(plan.request.asset)).difference(contents, look.path, signalOf(plan.request));
}

/**
 * Makes a stopped copy that stands at the target the point, by what differs. First what is there is kept as a point of its own
 * (`ASSET@before-image`) in the store that is read; then the target does not start until it is whole, was replayed and is green. After a crash at
 * any instant the same again completes it, and `undoInPlace` brings back what was. Throws the errors of `restore`, `asset.foreign`,
 * `asset.changing`.
 */
export async function restoreInPlace(workspace: Workspace, request: RestoreRequest): Promise<InPlaceReport> {
  return underLock(workspace, request, async (target) => {
    const { clock, journal } = workspace;
    const startedMs = clock.elapsed();
    const keeping = keepingOf(workspace.asset(request.asset));
    await keeping.settle(target);
    const { plan, look, unfinished } = await planInPlace(workspace, { ...request, target });
    const { asset } = request;
    const about = { asset, point: plan.point.id, store: plan.store, target, server: look.identity.id };
    const intent = journal.append('inplace.started', about);
    try {
      const image = await takeImage(workspace, { plan, keeping });
      const mark = nextMark(plan, image.id, unfinished);
      journal.append('inplace.kept', { intent: intent.sequence, asset, target, before: mark.before, image: image.id });
      const done = await rewriteAndTry(workspace, { plan, keeping, mark, startedMs });
      await plan.replay?.close();
      await keeping.finish(look.path);
      await forgetImages(workspace, plan.store, mark);
      const { parts, ...found } = done;
      const report = { plan, look, before: mark.before, ...found, seconds: (clock.elapsed() - startedMs) / 1000 };
      const measured = { bytes: plan.bytes, parts, replayed: plan.replay?.replayed() ?? null };
      journal.append('inplace.finished', { intent: intent.sequence, ...recordOf(workspace, report), ...measured });
      return report;
    } catch (error) {
      const failure = toLifeboatError(error);
      const { store } = plan;
      journal.append('inplace.failed', { intent: intent.sequence, asset, store, target, error: failure.toJSON() });
      throw failure;
    } finally {
      await plan.replay?.close();
    }
  });
}

interface Done extends Pick<InPlaceReport, 'checks' | 'reached' | 'damage' | 'changeovers' | 'warnings' | 'written'> {
  /** What is kept before is in `write`. */
  readonly parts: RestoreParts;
}

async function rewriteAndTry(
  workspace: Workspace,
  {
    plan,
    keeping,
    mark,
    startedMs,
  }: { plan: RestorePlan; keeping: InPlaceKeeping; mark: InPlaceMark; startedMs: number },
): Promise<Done> {
  const asset = workspace.asset(plan.request.asset);
  const changeovers: Changeover[] = [];
  const taken = timelinesTaken(workspace, plan);
  const contents = await readPoint(workspace, plan, changeovers);
  const written = await keeping.rewrite(contents, await imageOf(workspace, plan, mark), plan.target, {
    progress: workspace.progress,
    mark: markText(mark),
    exactly: false,
    ...replayOf(plan),
    ...signalOf(plan.request),
  });
  const writtenMs = workspace.clock.elapsed() - startedMs;
  try {
    const {
      checks,
      reached,
      startedMs: startMs,
    } = await tryOut(workspace, asset, plan, { staging: plan.target, taken });
    const damage = [...plan.damage, ...contents.damage()];
    return {
      written,
      checks,
      reached: reachedOf(plan, reached, undefined),
      damage,
      changeovers,
      warnings: [...(plan.replay === undefined ? [] : laterTexts(plan.replay)), ...written.warnings],
      parts: { write: writtenMs / 1000, start: startMs / 1000 },
    };
  } catch (error) {
    // Nobody may start what is not green; the next rewriting, or the undoing, opens it again.
    await keeping.bar(plan.target);
    throw isLifeboatError(error, 'restore.check_failed') ? withMoreHint(error, barredText(plan)) : error;
  }
}

const barredText = ({ target, request: { asset } }: RestorePlan): string =>
  `No server starts in ${target} meanwhile. To bring back what was there: lifeboat restore undo ${asset} --to ${shellWord(target)}`;

async function imageOf(workspace: Workspace, plan: RestorePlan, mark: InPlaceMark) {
  const repository = await workspace.repository(plan.store);
  const image = mark.halves.at(-1) ?? mark.before;
  return repository.contents(await repository.point(image), {
    progress: workspace.progress,
    ...signalOf(plan.request),
  });
}

/** What an interrupted one kept is what was there; what is kept now is half of two states. */
const nextMark = ({ request, store }: RestorePlan, image: string, earlier: InPlaceMark | undefined): InPlaceMark =>
  earlier === undefined
    ? { asset: request.asset, store, before: image, halves: [], restores: undefined }
    : { ...earlier, store, halves: [...earlier.halves, image], restores: undefined };

export async function underLock<T>(
  workspace: Workspace,
  request: Pick<RestoreRequest, 'target'>,
  work: (target: string) => Promise<T>,
): Promise<T> {
  const target = resolve(request.target);
  const lock = holdLock(join(workspace.stateFolder, 'locks', lockNameOf(target)), `restore to ${target}`);
  try {
    return await work(target);
  } finally {
    lock.release();
  }
}

/** Throws `asset.unsupported`. */
export function keepingOf(asset: Asset): InPlaceKeeping {
  if (asset.inPlace !== undefined) return asset.inPlace;
  throw notInPlace(asset.name);
}

const notInPlace = (asset: string): LifeboatError =>
  new LifeboatError('asset.unsupported', `${asset} cannot be restored in place`, {
    hint: 'Only a PostgreSQL that is read physically can. Restore beside: leave --in-place out.',
  });

export function mustBeThe({ identity, path }: InPlaceLook, source: string): void {
  if (identity.id === source) return;
  throw new LifeboatError('asset.foreign', `${path} holds ${identity.description}, and the points are of ${source}`, {
    where: path,
    hint: 'Nothing was changed. Look at the path; or restore beside: leave --in-place out.',
  });
}

const signalOf = ({ signal }: RestoreRequest): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });

const recordOf = (workspace: Workspace, report: InPlaceReport): Record<string, unknown> => ({
  asset: report.plan.request.asset,
  point: report.plan.point.id,
  pointAt: report.plan.point.atMs,
  store: report.plan.store,
  target: report.plan.target,
  server: report.look.identity.id,
  before: report.before,
  written: report.written,
  seconds: report.seconds,
  checks: report.checks,
  reached: report.reached ?? null,
  damage: report.damage,
  changeovers: report.changeovers,
  tool: workspace.tool,
  assetHash: hashOfAsset(workspace.plan, report.plan.request.asset),
});
