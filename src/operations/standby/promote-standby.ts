import type { Promotion } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import { giveOrder, isKept, type PromotionOrder } from './promotion-order.ts';
import { standby, standbyOf, type StandbyLine } from './standby.ts';

export interface PromoteRequest {
  readonly asset: string;
  readonly target: string;
  readonly fencedBy?: string;
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
  const { asset, target, fencedBy, signal } = request;
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
  mustBeFenced(asset, order);
  const intent = journal.append('standby.fenced', { asset, target, ...order, fencedBy: fencedBy ?? null });
  const promotion = isKept(workspace, asset)
    ? await giveOrder(workspace, asset, signal)
    : await standby(workspace, { asset, target, order, say: (line) => request.say(line), signal });
  if (promotion === undefined) throw new LifeboatError('operation.cancelled', 'the promotion was stopped on request');
  journal.append('standby.promoted', { intent: intent.sequence, asset, target, ...promotion });
  return { promotion, ...order };
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
