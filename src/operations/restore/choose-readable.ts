import type { Replay } from '../../assets/index.ts';
import { isLifeboatError, LifeboatError, type ErrorCode } from '../../core/index.ts';
import { isOutsidePoint } from '../outside-points.ts';
import type { RestoreRequest, Workspace } from '../contract.ts';
import { listPoints } from '../points.ts';
import { choosePoint, damagedHere, type Choice } from './choose-point.ts';
import { chooseReplay, type ChosenReplay } from './choose-replay.ts';

export interface ReadableChoice {
  /** The way behind the point, where a log leads there. */
  readonly replay: Replay | undefined;
  readonly choice: Choice;
}

/**
 * The point a restore starts from and the way behind it. A point that was listed from what this machine read of it before, and that no store gives
 * any more, is chosen anew with all points read again: the restore then says what people can do instead. Throws as `choosePoint` and `chooseReplay`.
 */
export async function chooseReadable(workspace: Workspace, request: RestoreRequest): Promise<ReadableChoice> {
  const first = await choose(workspace, request);
  if (await canBeRead(workspace, first.choice)) return first;
  await first.replay?.close();
  // What was kept of points is the truth again behind this.
  await listPoints(workspace, request.asset, request.signal, true);
  return choose(workspace, request);
}

async function choose(workspace: Workspace, request: RestoreRequest): Promise<ReadableChoice> {
  refuseUnknownStore(workspace, request);
  const chosen = await chooseReplay(workspace, request);
  try {
    const choice = await choosePoint(workspace, pointRequest(request, chosen));
    return { replay: chosen?.replay, choice: request.point === undefined ? byTheLog(choice, chosen) : choice };
  } catch (error) {
    await chosen?.replay.close();
    throw error;
  }
}

function refuseUnknownStore({ plan }: Workspace, { store }: RestoreRequest): void {
  if (store === undefined || plan.stores.has(store)) return;
  throw new LifeboatError('plan.unknown_name', `the plan has no store ${store}`, {
    hint: `It has: ${[...plan.stores.keys()].join(', ')}.`,
  });
}

/** With a log the point is the one that it leads from. */
const pointRequest = (request: RestoreRequest, chosen: ChosenReplay | undefined): RestoreRequest =>
  chosen === undefined ? request : { ...request, point: chosen.replay.base, store: chosen.store };

/** Nobody named the point: the log did. */
const byTheLog = (choice: Choice, chosen: ChosenReplay | undefined): Choice =>
  chosen === undefined
    ? choice
    : { ...choice, rejected: choice.rejected.map((one) => ({ ...one, reason: reasonOf(one, chosen) })) };

function reasonOf({ id, reason }: Choice['rejected'][number], { replay }: ChosenReplay): string {
  if (reason === damagedHere) return damagedHere;
  return replay.tooNew.includes(id)
    ? 'it was taken after what was asked for'
    : 'the log does not lead from it to what was asked for';
}

/** One store is enough. A store that is away since it listed the point says nothing of it: the restore meets that, and tells. */
async function canBeRead(workspace: Workspace, { point, store, others }: Choice): Promise<boolean> {
  if (isOutsidePoint(point)) return true;
  for (const name of [store, ...others]) {
    try {
      await (await workspace.repository(name)).point(point.id);
      return true;
    } catch (error) {
      if (!isLifeboatError(error)) throw error;
      if (!harmed.has(error.code)) return true;
    }
  }
  return false;
}

const harmed: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'repository.damaged',
  'repository.incomplete',
  'repository.unreadable',
  'store.io',
  'point.missing',
]);
