import { join } from 'node:path';
import { isLifeboatError, LifeboatError, limits, toLifeboatError } from '../../core/index.ts';
import { holdLock, type Lock } from '../../journal/index.ts';
import {
  planReplication,
  replicate as copySealed,
  type ReplicateOptions,
  type Replication,
} from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';
import { damagedLog } from '../log-damage.ts';

export interface CopyRequest {
  readonly from: string;
  readonly to: string;
  /** Say what would be copied, change nothing. */
  readonly dryRun?: boolean;
  readonly bytesPerSecond?: number;
  /** Only these points, with what they need: asks for the key. Default: all that the store holds. */
  readonly only?: ReadonlySet<string>;
  /** The same by the names of their assets, which begin so; a slash at its end is no part of it. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

export interface CopyReport extends Replication {
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

/**
 * Copies what one store of the plan holds to another: the one way a copy happens. Works without a key; where the plan's key is at hand, a
 * damaged object keeps only those points from being copied that need it.
 * Throws `operation.busy`, `plan.unknown_name`, `point.none` for a prefix that no asset of a point has, and the errors of the repository's `replicate`.
 */
export async function replicate(workspace: Workspace, wanted: CopyRequest): Promise<CopyReport> {
  const { from, to } = wanted;
  if (from === to) throw new LifeboatError('input.flag', `${from} cannot be a copy of itself`);
  const request = await narrowed(workspace, wanted);
  const lock = await whenFree(workspace, to, request.signal);
  try {
    return request.dryRun === true ? await tryDry(workspace, request) : await execute(workspace, request);
  } finally {
    lock.release();
  }
}

async function narrowed(workspace: Workspace, request: CopyRequest): Promise<CopyRequest> {
  const { from, prefix, only, signal } = request;
  if (prefix === undefined) return request;
  const { points } = await (await workspace.repository(from)).points({ signal });
  const begin = prefix.replace(/\/$/, '');
  const found = points.flatMap(({ id, asset }) => (asset.startsWith(begin) && only?.has(id) !== false ? [id] : []));
  if (found.length > 0) return { ...request, only: new Set(found) };
  const assets = [...new Set(points.map(({ asset }) => asset))].join(', ') || 'none';
  throw new LifeboatError('point.none', `${from} has no point of an asset whose name begins with ${begin}`, {
    where: from,
    hint: `It has points of: ${assets}.`,
  });
}

/** Who copies there now may have looked before our point was made: its turn is waited for. */
async function whenFree({ stateFolder, clock }: Workspace, to: string, signal: AbortSignal | undefined): Promise<Lock> {
  const untilMs = clock.elapsed() + limits.copyTurnMs;
  for (;;) {
    try {
      return holdLock(join(stateFolder, 'locks', `copy-${to}`), `copying to ${to}`);
    } catch (error) {
      if (!isLifeboatError(error, 'operation.busy') || clock.elapsed() >= untilMs) throw error;
      await clock.sleep(limits.copyTurnAskMs, signal);
    }
  }
}

async function tryDry(workspace: Workspace, { from, to, only }: CopyRequest): Promise<CopyReport> {
  const [source, target] = [await workspace.place(from), await workspace.place(to)];
  // What some points need is known only with the key.
  const some = only === undefined ? {} : { only, ...(await withKey(workspace, from)) };
  const done = await planReplication(source, target, { ...optionsOf(workspace, { from, to }), ...some });
  return { from, to, seconds: 0, ...done };
}

async function execute(workspace: Workspace, request: CopyRequest): Promise<CopyReport> {
  const { clock, journal } = workspace;
  const { from, to } = request;
  const startedMs = clock.elapsed();
  const some = request.only === undefined ? {} : { only: [...request.only] };
  const intent = journal.append('copy.started', { from, to, ...some }).sequence;
  try {
    const [source, target] = [await workspace.place(from), await workspace.place(to)];
    const options = { ...optionsOf(workspace, request), ...(await withKey(workspace, from)) };
    const done = await copySealed(source, target, options);
    const report = { from, to, seconds: (clock.elapsed() - startedMs) / 1000, ...done };
    journal.append('copy.finished', {
      intent,
      ...report,
      ...some,
      waiting: done.waiting.slice(0, limits.copyReasonsKept),
    });
    return report;
  } catch (error) {
    const failure = toLifeboatError(error);
    journal.append('copy.failed', { intent, from, to, error: failure.toJSON() });
    throw failure;
  }
}

function optionsOf(workspace: Workspace, { to, bytesPerSecond, only, signal }: CopyRequest): ReplicateOptions {
  const { clock, host, progress } = workspace;
  return {
    clock,
    host,
    progress,
    skip: forgottenIn(workspace, to),
    distrust: damagedLog(workspace, to),
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(only === undefined ? {} : { only }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A key is a help and no need: whoever copies may be a machine that shall not be able to read. */
async function withKey(workspace: Workspace, from: string): Promise<Pick<ReplicateOptions, 'lacks' | 'anewIn'>> {
  try {
    const repository = await workspace.repository(from);
    return {
      lacks: (point, present) => repository.lacks(point, present),
      anewIn: (target, options) => repository.anewIn(target, options),
    };
  } catch (error) {
    const codes = ['key.missing', 'key.wrong', 'secret.unset'];
    if (codes.includes(toLifeboatError(error).code)) return {};
    throw error;
  }
}

/** Points that were taken out of this store on purpose: each store has its own retention, and what went must not come back. */
const forgottenIn = ({ journal }: Workspace, store: string): Set<string> =>
  new Set(
    journal
      .records({ kinds: ['forget.started'] })
      .filter(({ data }) => (data['stores'] as string[] | undefined)?.includes(store) === true)
      .map(({ data }) => String(data['point'])),
  );

/** What a copy leaves to be said: 1 where a point waits or an object is damaged. */
export function copyFailure({ from, to, waiting, damage, differing }: CopyReport): LifeboatError | undefined {
  const [harmed] = damage;
  if (harmed !== undefined) {
    return new LifeboatError(harmed.code, `${harmed.object} in ${from}: ${harmed.what}; it was not copied to ${to}`, {
      where: harmed.object,
      hint: `See the whole extent: lifeboat verify --all. If ${to} has it whole, copy the other way: lifeboat store replicate ${to} ${from}`,
    });
  }
  const [point] = waiting;
  if (point !== undefined) {
    return new LifeboatError('copy.waiting', `the point ${point.point} is not in ${to} yet: ${point.reason}`, {
      where: to,
      hint: `Run it again: lifeboat store replicate ${from} ${to}`,
    });
  }
  const [other] = differing;
  if (other === undefined) return undefined;
  return new LifeboatError('repository.damaged', `${other} is another object in ${to} than in ${from}`, {
    where: other,
  });
}
