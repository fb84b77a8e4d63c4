import type { InPlaceLook, RewrittenTree } from '../../assets/index.ts';
import { LifeboatError, toLifeboatError } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';
import { forgetImages, imageAssetOf, markText, readMark, takeImage, type InPlaceMark } from './before-image.ts';
import type { Workspace } from '../contract.ts';
import { keepingOf, mustBeThe, underLock } from './in-place.ts';
import { holdersOf } from '../stores-of.ts';

export interface UndoRequest {
  readonly asset: string;
  readonly target: string;
  /** This before-image; default: the one that an interrupted rewriting names, else the newest of this target. */
  readonly point?: string;
  readonly signal?: AbortSignal;
}

export interface UndoPlan {
  readonly look: InPlaceLook;
  readonly image: Point;
  readonly store: string;
  readonly unfinished: InPlaceMark | undefined;
}

export interface UndoReport extends UndoPlan {
  /** What was there before this undoing, in the same store. */
  readonly before: string;
  readonly written: RewrittenTree;
  readonly seconds: number;
}

/** Finds the before-image and looks at the target; changes nothing. Throws `point.none`, `point.missing`, `asset.foreign` and what `look` throws. */
export async function planUndo(workspace: Workspace, request: UndoRequest): Promise<UndoPlan> {
  const look = await keepingOf(workspace.asset(request.asset)).look(request.target, request);
  const unfinished = readMark(look);
  const wanted = request.point ?? unfinished?.restores ?? unfinished?.before;
  const images = await imagesOf(workspace, request.asset);
  const found =
    wanted === undefined
      ? images.findLast(({ image }) => image.facts.facts['path'] === look.path && image.facts.facts['half'] !== true)
      : images.find(({ image }) => image.id === wanted);
  if (found === undefined) throw none(look, wanted);
  mustBeThe(look, found.image.facts.source.id);
  return { look, ...found, unfinished };
}

/**
 * Brings back what stood at the target before it was restored in place, byte for byte, the configuration too; starts nothing. What is there
 * now is kept in the same way, so that this can be undone as well. After a crash the same again completes it.
 */
export async function undoInPlace(workspace: Workspace, request: UndoRequest): Promise<UndoReport> {
  return underLock(workspace, request, async (target) => {
    const { clock, journal } = workspace;
    const startedMs = clock.elapsed();
    const keeping = keepingOf(workspace.asset(request.asset));
    await keeping.settle(target);
    const found = await planUndo(workspace, { ...request, target });
    const { look, image, store, unfinished } = found;
    const { asset } = request;
    const intent = journal.append('inplace.undo_started', { asset, target, image: image.id, store });
    try {
      const plan = {
        request: { asset, target, start: false, stay: false, ...signalOf(request) },
        store,
        target,
        point: image,
      };
      const now = await takeImage(workspace, { plan, keeping });
      const mark: InPlaceMark = {
        asset,
        store,
        before: unfinished?.before ?? now.id,
        halves: unfinished === undefined ? [] : [...unfinished.halves, now.id],
        restores: image.id,
      };
      const repository = await workspace.repository(store);
      const options = { progress: workspace.progress, ...signalOf(request) };
      const written = await keeping.rewrite(
        await repository.contents(image, options),
        await repository.contents(now, options),
        target,
        { ...options, mark: markText(mark), exactly: true },
      );
      await keeping.finish(look.path);
      await forgetImages(workspace, store, mark);
      const seconds = (clock.elapsed() - startedMs) / 1000;
      journal.append('inplace.undone', { intent: intent.sequence, asset, target, image: image.id, written, seconds });
      return { ...found, before: mark.before, written, seconds };
    } catch (error) {
      const failure = toLifeboatError(error);
      journal.append('inplace.failed', { intent: intent.sequence, asset, target, error: failure.toJSON() });
      throw failure;
    }
  });
}

async function imagesOf(workspace: Workspace, asset: string): Promise<{ image: Point; store: string }[]> {
  const found: { image: Point; store: string }[] = [];
  for (const store of holdersOf(workspace.plan, asset)) {
    const { points } = await (await workspace.repository(store)).points();
    for (const image of points) if (image.asset === imageAssetOf(asset)) found.push({ image, store });
  }
  return found.toSorted((a, b) => a.image.atMs - b.image.atMs);
}

const none = ({ path }: InPlaceLook, wanted: string | undefined): LifeboatError =>
  wanted === undefined
    ? new LifeboatError('point.none', `nothing is kept of what stood at ${path}`, {
        hint: 'It was never restored in place by this plan. Before-images are listed by: lifeboat points',
      })
    : new LifeboatError('point.missing', `the before-image ${wanted} is in no store that answers`, {
        where: path,
        hint: 'List what there is: lifeboat points',
      });

const signalOf = ({ signal }: UndoRequest): { signal?: AbortSignal } => (signal === undefined ? {} : { signal });
