import type { InPlaceLook } from '../../assets/index.ts';
import { LifeboatError, shellWord, toLifeboatError } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';
import { basesOf } from '../log-bases.ts';
import { listPoints } from '../points.ts';
import { timelinesTaken } from '../restore/timelines-taken.ts';
import { keepingOf, mustBeThe, underLock } from './in-place.ts';

export interface ForkRequest {
  readonly asset: string;
  /** The data directory of a stopped server. */
  readonly target: string;
  readonly signal?: AbortSignal;
}

export interface ForkPlan {
  readonly look: InPlaceLook;
  /** What the logs in the stores have. */
  readonly taken: readonly number[];
  /** Of the same server: it tells how that is started. */
  readonly point: Point;
}

export interface ForkReport extends ForkPlan {
  readonly timeline: number;
  readonly position: string;
}

/** Who stands there, and which timelines the logs have; changes nothing. Throws `point.none`, `asset.foreign`, and what looking at the target throws. */
export async function planFork(workspace: Workspace, request: ForkRequest): Promise<ForkPlan> {
  const { asset: name, target, signal } = request;
  const asset = workspace.asset(name);
  const look = await keepingOf(asset).look(target, signal === undefined ? {} : { signal });
  if (look.mark !== undefined) {
    throw new LifeboatError('restore.target_unusable', `${look.path} was left half restored`, {
      where: look.path,
      hint: `Complete the restore in place, or: lifeboat restore undo ${name} --to ${shellWord(look.path)}`,
    });
  }
  const { points } = await listPoints(workspace, name, signal);
  const newest = asset.log === undefined ? undefined : basesOf(asset.log, points).at(-1);
  if (newest === undefined) {
    throw new LifeboatError('point.none', `${name} has no recovery point`, {
      hint: `Take one: lifeboat backup ${name}`,
    });
  }
  mustBeThe(look, newest.source);
  return { look, taken: await timelinesTaken(workspace, { request, point: newest.point }), point: newest.point };
}

/**
 * Lets a stopped server go on, on a timeline that no log of it has: for one that was put back, or promoted without asking the log, and writes under a number that
 * another life has. Its data stays as it is. Throws as `planFork`, and `asset.start_failed`.
 */
export async function forkInPlace(workspace: Workspace, request: ForkRequest): Promise<ForkReport> {
  return underLock(workspace, request, async (target) => {
    const plan = await planFork(workspace, { ...request, target });
    const { asset, signal } = request;
    const { look, taken, point } = plan;
    const about = { asset, target, server: look.identity.id, from: look.timeline, taken };
    const intent = workspace.journal.append('fork.started', about);
    try {
      const options = { facts: point.facts.facts, timelinesTaken: taken, ...(signal === undefined ? {} : { signal }) };
      const forked = await keepingOf(workspace.asset(asset)).fork(target, options);
      workspace.journal.append('fork.finished', { intent: intent.sequence, asset, target, ...forked });
      return { ...plan, ...forked };
    } catch (error) {
      const failure = toLifeboatError(error).toJSON();
      workspace.journal.append('fork.failed', { intent: intent.sequence, asset, target, error: failure });
      throw error;
    }
  });
}
