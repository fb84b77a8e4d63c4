import type { Promotion } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
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
  return { source: note?.source, promoted: note === undefined ? lastPromotion(workspace, asset, target) : undefined };
}

/** The process that promoted it says so when it is over, also where the one that gave the order is gone by then. */
function lastPromotion({ journal }: Workspace, asset: string, target: string): Promotion | undefined {
  const last = journal
    .records({ kinds: ['standby.finished', 'standby.seeded'], own: true })
    .findLast(({ data }) => data['asset'] === asset && data['target'] === target);
  const promotion = last?.data['promotion'];
  return typeof promotion === 'object' && promotion !== null ? (promotion as Promotion) : undefined;
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
