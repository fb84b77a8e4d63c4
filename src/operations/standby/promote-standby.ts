import { realpath } from 'node:fs/promises';
import type { Promotion } from '../../assets/index.ts';
import { findProcesses, LifeboatError } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import { giveOrder, isKept, type PromotionOrder } from './promotion-order.ts';
import { standby, standbyOf, type StandbyLine } from './standby.ts';

export interface PromoteRequest {
  readonly asset: string;
  readonly target: string;
  readonly fencedBy?: string;
  /**
   * The caller asked each fence around the source just now, and at least one proves that nobody writes, whatever the source answers to those who
   * may pass it. `fencedBy` says which.
   */
  readonly proved?: boolean;
  say(line: StandbyLine): void;
  readonly signal: AbortSignal;
}

export interface PromoteReport extends PromotionOrder {
  readonly promotion: Promotion;
}

/**
 * Lets a standby take the place of its source: asks first whether the source still takes writes, then has everything that is in the store
 * replayed. A process that keeps the standby does it; without one this one does.
 * Throws `standby.not_fenced`, `point.none` for a folder that is no standby, `restore.check_failed`, `log.gap`.
 */
export async function promoteStandby(workspace: Workspace, request: PromoteRequest): Promise<PromoteReport> {
  const { journal } = workspace;
  const { asset, target, fencedBy, proved = false, signal } = request;
  const keeping = standbyOf(workspace, asset);
  const note = await keeping.noteOf(target);
  if (note === undefined || note.asset !== asset) {
    throw new LifeboatError('restore.target_unusable', `${target} is no standby of ${asset}`, {
      where: target,
      hint: `Make one: lifeboat standby ${asset} --to FOLDER`,
    });
  }
  const fence = await keeping.fence(note.source, { signal });
  const order: PromotionOrder = { fence, fencedBy };
  if (!proved) mustBeFenced(asset, order);
  const intent = journal.append('standby.fenced', { asset, target, ...order, fencedBy: fencedBy ?? null, proved });
  const promotion = isKept(workspace, asset)
    ? await giveOrder(workspace, asset, signal)
    : await standby(workspace, { asset, target, order, say: (line) => request.say(line), signal });
  if (promotion === undefined) throw new LifeboatError('operation.cancelled', 'the promotion was stopped on request');
  journal.append('standby.promoted', { intent: intent.sequence, asset, target, ...promotion });
  return { promotion, ...order };
}

/** A standby in a folder, as this machine knows it. */
export interface KeptStandby {
  /** What its source calls its log; undefined: the folder is no standby (any more). */
  readonly source: string | undefined;
  /** It was promoted by this machine, and not made anew since. */
  readonly promoted: Promotion | undefined;
}

/** Changes nothing. Throws `asset.unsupported`, and `asset.foreign` for the standby of another asset. */
export async function keptStandby(workspace: Workspace, asset: string, target: string): Promise<KeptStandby> {
  const note = await standbyOf(workspace, asset).noteOf(target);
  if (note !== undefined && note.asset !== asset) {
    throw new LifeboatError('asset.foreign', `${target} is a standby of ${note.asset}`, { where: target });
  }
  return {
    source: note?.source,
    promoted: note === undefined ? lastPromotion(workspace, asset, target)?.promotion : undefined,
  };
}

/** A standby that this machine promoted before, and what serves its folder now. */
export interface PromotedBefore {
  readonly promotion: Promotion;
  readonly atMs: number;
  /** `promoted`: the very server that was promoted, so that its address holds. `unknown`: it cannot be seen which programs run. */
  readonly server: 'promoted' | 'another' | 'none' | 'unknown';
}

/** Undefined for a folder that is a standby still, that is gone, or that this machine never promoted. */
export async function promotedBefore(
  workspace: Workspace,
  asset: string,
  target: string,
): Promise<PromotedBefore | undefined> {
  const last = lastPromotion(workspace, asset, target);
  if (last === undefined || (await standbyOf(workspace, asset).noteOf(target)) !== undefined) return undefined;
  const path = await realpath(target).catch(() => undefined); // whatever keeps us from it, it serves nobody
  if (path === undefined) return undefined;
  const servers = await findProcesses(({ program }) => program.startsWith('postgres'));
  const ours = servers?.filter(({ folder }) => folder === path) ?? [];
  if (ours.some(({ pid }) => pid === last.promotion.pid)) return { ...last, server: 'promoted' };
  if (ours.length > 0) return { ...last, server: 'another' };
  // The folder of another user's program is not shown to everybody; root sees all but those that are ending.
  const isHidden =
    servers === undefined || (process.getuid?.() !== 0 && servers.some(({ folder }) => folder === undefined));
  return { ...last, server: isHidden ? 'unknown' : 'none' };
}

/** The process that promoted it says so when it is over, also where the one that gave the order is gone by then. */
function lastPromotion(
  { journal }: Workspace,
  asset: string,
  target: string,
): { promotion: Promotion; atMs: number } | undefined {
  const last = journal
    .records({ kinds: ['standby.finished', 'standby.seeded'], own: true })
    .findLast(({ data }) => data['asset'] === asset && data['target'] === target);
  const promotion = last?.data['promotion'];
  if (last === undefined || typeof promotion !== 'object' || promotion === null) return undefined;
  return { promotion: promotion as Promotion, atMs: last.atMs };
}

/** Two that take writes are worse than none: what is lost then nobody can put together again. */
function mustBeFenced(asset: string, { fence, fencedBy }: PromotionOrder): void {
  if (fence.source === 'read-only') return;
  if (fence.source === 'unknown' && fencedBy !== undefined && fencedBy.trim().length >= 10) return;
  throw new LifeboatError('standby.not_fenced', `${asset} may have two servers that take writes: ${fence.what}`, {
    hint:
      fence.source === 'writable'
        ? 'Stop the source, and what would start it again; then say so: --fenced-by "who did what".'
        : 'Make sure that nobody can write to the source, whoever can reach it; then say so, in a sentence: --fenced-by "who did what".',
  });
}
