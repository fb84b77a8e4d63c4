import type { InPlaceKeeping, InPlaceLook, RewrittenTree } from '../../assets/index.ts';
import { LifeboatError, toLifeboatError } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';
import { forgetImages, imageAssetOf, markText, readMark, takeImage, type InPlaceMark } from './before-image.ts';
import type { Workspace } from '../contract.ts';
import { goBack, stay, type WentBack } from '../ended-lives.ts';
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
  /** Stores that did not answer: a newer image may be there. */
  readonly unanswered: readonly { readonly store: string; readonly reason: string }[];
}

export interface UndoReport extends UndoPlan {
  /** What was there before this undoing, in the same store. */
  readonly before: string;
  readonly written: RewrittenTree;
  readonly seconds: number;
  /** What is not as it should be, though the target is: sentences. */
  readonly warnings: readonly string[];
}

/** Finds the before-image and looks at the target; changes nothing. Throws `point.none`, `point.missing`, `asset.foreign` and what `look` throws. */
export async function planUndo(workspace: Workspace, request: UndoRequest): Promise<UndoPlan> {
  const look = await keepingOf(workspace.asset(request.asset)).look(request.target, request);
  const unfinished = readMark(look);
  const wanted = request.point ?? unfinished?.restores ?? unfinished?.before;
  const { images, unanswered } = await imagesOf(workspace, request.asset);
  const found =
    wanted === undefined
      ? images.findLast(({ image }) => isBefore(image, look))
      : images.find(({ image }) => image.id === wanted);
  if (found === undefined) throw none(look, wanted);
  mustBeThe(look, found.image.facts.source.id);
  return { look, ...found, unfinished, unanswered };
}

/** Whether it is of what was there before: one that was kept for a change which never began is of what is there now. */
const isBefore = ({ facts: { facts } }: Point, { path, stateHash }: InPlaceLook): boolean =>
  facts['path'] === path && facts['half'] !== true && facts['stateHash'] !== stateHash;

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
    const going = { asset, source: look.identity.id, left: await keeping.life(look.path), ...signalOf(request) };
    const intent = journal.append('inplace.undo_started', { asset, target, image: image.id, store });
    let wentBack: WentBack | undefined;
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
      // Before the first change: a life that is gone from its folder, and that nobody knows to have ended, would be restored.
      const { timeline } = image.facts.facts;
      if (typeof timeline === 'number') wentBack = await goBack(workspace, { ...going, back: timeline });
      const repository = await workspace.repository(store);
      const options = { progress: workspace.progress, ...signalOf(request) };
      const written = await keeping.rewrite(
        await repository.contents(image, options),
        await repository.contents(now, options),
        target,
        { ...options, mark: markText(mark), exactly: true },
      );
      await keeping.finish(look.path);
      // An older version of the program did not write down on which timeline the copy was that it kept.
      wentBack ??= await goBack(workspace, { ...going, back: (await keeping.look(look.path)).timeline });
      await forgetImages(workspace, store, mark);
      const seconds = (clock.elapsed() - startedMs) / 1000;
      const warnings = wentBack.missing.map((one) => untold(asset, one));
      const record = { asset, target, image: image.id, written, seconds, warnings };
      journal.append('inplace.undone', { intent: intent.sequence, ...record });
      return { ...found, before: mark.before, written, seconds, warnings };
    } catch (error) {
      if (wentBack !== undefined && (await isUntouched(keeping, look))) await stay(workspace, going, wentBack);
      const failure = toLifeboatError(error);
      journal.append('inplace.failed', { intent: intent.sequence, asset, target, error: failure.toJSON() });
      throw failure;
    }
  });
}

const untold = (asset: string, { store, reason }: WentBack['missing'][number]): string =>
  `${store} does not know which life of ${asset} goes on (${reason}): until lifeboat stream ${asset} has told it, a restore from it alone needs --timeline`;

/** Whether a rewriting that failed changed nothing, so that what was to be left is still there. */
const isUntouched = async (keeping: InPlaceKeeping, { path, mark }: InPlaceLook): Promise<boolean> =>
  mark === undefined &&
  (await keeping.look(path).then(
    (now) => now.mark === undefined,
    () => false,
  ));

/** Of the stores that answer. Throws why the first does not, where none answers. */
async function imagesOf(
  workspace: Workspace,
  asset: string,
): Promise<{ images: { image: Point; store: string }[]; unanswered: UndoPlan['unanswered'] }> {
  const stores = holdersOf(workspace.plan, asset);
  const images: { image: Point; store: string }[] = [];
  const failures: { store: string; error: LifeboatError }[] = [];
  for (const store of stores) {
    try {
      const { points } = await (await workspace.repository(store)).points();
      for (const image of points) if (image.asset === imageAssetOf(asset)) images.push({ image, store });
    } catch (error) {
      failures.push({ store, error: toLifeboatError(error) });
    }
  }
  if (failures[0] !== undefined && failures.length === stores.length) throw failures[0].error;
  return {
    images: images.toSorted((a, b) => a.image.atMs - b.image.atMs),
    unanswered: failures.map(({ store, error }) => ({ store, reason: error.message })),
  };
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
