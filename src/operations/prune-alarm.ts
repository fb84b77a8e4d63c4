import { formatBytes, LifeboatError, limits } from '../core/index.ts';
import type { Point, PrunePlan } from '../repository/index.ts';
import type { Workspace } from './contract.ts';

/** What the records of this machine say about what is no longer needed. */
export interface Explanation {
  /** Bytes that points brought which somebody, or retention, gave up on record, less what prunes deleted since. */
  readonly explainedBytes: number;
  /** Points of which there is a record that they were made, none that they were given up, and which are not there. */
  readonly vanished: readonly string[];
  /** Points that should be there: those that are and those that vanished. */
  readonly known: number;
}

/**
 * Holds the points that are there against the journal. Whoever removed points from the store without a word, be it a mistake or a break-in,
 * shall not have a prune finish the work.
 */
export function explain(
  { journal }: Workspace,
  store: string,
  before: readonly Point[],
  going: readonly string[] = [],
): Explanation {
  const bytes = new Map(before.map(({ id, storedBytes }) => [id, storedBytes]));
  const made = new Set<string>();
  const given = new Set(going);
  const accepted = new Set<string>();
  let deletedBytes = 0;
  const kinds = ['backup.finished', 'forget.started', 'prune.finished', 'tiers.finished'];
  for (const { kind, data } of journal.records({ kinds })) {
    const point = String(data['point']);
    if (kind === 'backup.finished' && data['store'] === store) {
      made.add(point);
      bytes.set(point, Number(data['storedBytes'] ?? 0));
    }
    if (kind === 'forget.started' && (data['stores'] as string[] | undefined)?.includes(store) === true)
      given.add(point);
    // What was written anew, cold content apart from other: the old packs go.
    if (kind === 'tiers.finished' && data['store'] === store)
      deletedBytes -= (data['separated'] as { bytes: number }).bytes;
    if (kind === 'prune.finished' && data['store'] === store) {
      deletedBytes += (data['deleted'] as { bytes: number }).bytes;
      for (const id of (data['explanation'] as Explanation).vanished) accepted.add(id);
    }
  }
  const there = new Set(before.map(({ id }) => id));
  const vanished = [...made].filter((id) => !there.has(id) && !given.has(id) && !accepted.has(id));
  const givenBytes = [...given].reduce((total, id) => total + (bytes.get(id) ?? 0), 0);
  return { explainedBytes: Math.max(0, givenBytes - deletedBytes), vanished, known: there.size + vanished.length };
}

/** Throws `prune.unexplained` where many points are gone and nobody knows why. */
export function requireNoneVanished(store: string, { vanished, known }: Explanation): void {
  if (vanished.length <= Math.max(1, known * limits.unexplainedShareMax)) return;
  const what = `${vanished.length} of ${known} points are gone from ${store}, and no record says who gave them up`;
  throw new LifeboatError('prune.unexplained', `${what}; nothing was deleted`, { where: vanished[0] ?? store, hint });
}

/** Throws `prune.unexplained` where more would go than points that were given up brought. */
export function requireExplained(store: string, plan: PrunePlan, { explainedBytes }: Explanation): void {
  const bytes = plan.unneeded.bytes + plan.condemned.bytes;
  const unexplained = bytes - explainedBytes;
  const most = Math.max(plan.held.bytes * limits.unexplainedShareMax, limits.unexplainedBytesMin);
  if (unexplained <= most) return;
  const what = `a prune of ${store} would delete ${formatBytes(bytes)} of ${formatBytes(plan.held.bytes)}, and records explain ${formatBytes(explainedBytes)}`;
  throw new LifeboatError('prune.unexplained', `${what}; nothing was deleted`, { where: store, hint });
}

const hint = 'Look who did that, and whether another store still has them. If it is right: add --yes.';
