import { limits } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import { prune } from './prune.ts';
import { replicate } from '../replication/replicate.ts';
import { copyPairs } from '../stores-of.ts';

export interface RekeyRequest {
  readonly store: string;
  /** No more than this is written anew; default: all. The next one goes on. */
  readonly bytesMax?: number;
  readonly signal?: AbortSignal;
}

export interface RekeyReport {
  readonly store: string;
  /** Written anew under the newest epoch. */
  readonly bytes: number;
  /** Old packs that are deleted. */
  readonly deleted: { readonly packs: number; readonly bytes: number };
  /** Old packs whose content is sealed anew, and that stay for now: for writers at work, or because the store keeps them. */
  readonly waiting: { readonly packs: number; readonly bytes: number };
  /** Needed and still under an earlier epoch: beyond the bound, frozen, damaged, or of a backup at work. */
  readonly left: { readonly packs: number; readonly bytes: number };
}

/**
 * Seals what points need of one store anew, where it was sealed under an earlier key epoch, and deletes the old packs as a prune does. In rounds,
 * each of which is whole by itself: killed anywhere nothing is lost, and the next one goes on. Points themselves, logs and the journal stay as they
 * were sealed until they go. Throws what `prune` throws.
 */
export async function rekey(workspace: Workspace, request: RekeyRequest): Promise<RekeyReport> {
  const { store, signal } = request;
  await bringFromFirst(workspace, request);
  let [bytes, deleted] = [0, { packs: 0, bytes: 0 }];
  for (let before = Infinity; ;) {
    const room = (request.bytesMax ?? Infinity) - bytes;
    const { result } = await prune(workspace, {
      store,
      dryRun: false,
      keepPoints: true,
      rekey: true,
      rewriteBytesMax: Math.max(0, Math.min(room, limits.rekeyRoundBytes)),
      evict: [],
      anyway: false,
      ...(signal === undefined ? {} : { signal }),
    });
    const { outdated, waiting, retained } = result;
    bytes += outdated.movedBytes;
    deleted = { packs: deleted.packs + result.deleted.packs, bytes: deleted.bytes + result.deleted.bytes };
    // The next look says what is left. What cannot be read stays where it is, however often it is tried.
    if (outdated.movedBytes > 0 && outdated.packs < before) {
      before = outdated.packs;
      continue;
    }
    const kept = retained.reduce((total, one) => total + one.bytes, 0);
    return {
      store,
      bytes,
      deleted,
      waiting: { packs: waiting.packs + retained.length, bytes: waiting.bytes + kept },
      left: { packs: outdated.packs, bytes: outdated.bytes },
    };
  }
}

/** What another store has sealed anew already comes from there: else each copy would hold packs of its own, and copies of the others’. */
async function bringFromFirst(workspace: Workspace, { store, signal }: RekeyRequest): Promise<void> {
  for (const { from, to } of copyPairs(workspace.plan))
    if (to === store) await replicate(workspace, { from, to, ...(signal === undefined ? {} : { signal }) });
}

/** First where points are taken, then where they are copied. */
export function rekeyOrder({ plan }: Workspace, stores: readonly string[]): string[] {
  const copies = new Set(copyPairs(plan).map(({ to }) => to));
  return stores.toSorted((a, b) => Number(copies.has(a)) - Number(copies.has(b)));
}
