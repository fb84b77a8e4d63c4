import { formatBytes, LifeboatError, limits } from '../../core/index.ts';
import { hostIdentity } from '../../journal/index.ts';
import type { Point, PrunePlan } from '../../repository/index.ts';
import type { Workspace } from '../contract.ts';

/** What the records of this machine, and of all that ship theirs to the store, say about what is no longer needed. */
export interface Explanation {
  /** Bytes that points brought which somebody, or retention, gave up on record, less what prunes deleted since. */
  readonly explainedBytes: number;
  /** Points of which there is a record that they were made, none that they were given up, and which are not there. */
  readonly vanished: readonly string[];
  /** Points that should be there: those that are and those that vanished. */
  readonly known: number;
}

export interface ExplanationOf {
  /** The points that were there before anything was let go. */
  readonly before: readonly Point[];
  readonly others: readonly Told[];
  /** Points that are about to go. */
  readonly going?: readonly string[];
}

interface Told {
  readonly kind: string;
  readonly data: Record<string, unknown>;
  readonly hash: string;
}

const kinds = ['backup.finished', 'forget.started', 'prune.finished', 'tiers.finished'];

/**
 * What other machines told the store of their backups, forgetting and prunes there, as far as each chain can be believed. A record that cannot
 * be read explains nothing: at worst somebody is asked who knows the answer, and `verify` names the damage.
 */
export async function recordsOfOthers(workspace: Workspace, store: string): Promise<Told[]> {
  const own = hostIdentity(workspace.stateFolder).id;
  const { chains } = await (await workspace.repository(store)).journals();
  return chains
    .filter(({ chain }) => chain !== own)
    .flatMap(({ rows }) => rows.filter(({ kind }) => kinds.includes(kind)))
    .map(({ kind, data, hash }) => ({ kind, data: JSON.parse(data) as Record<string, unknown>, hash }));
}

/**
 * Holds the points that are there against the journals. Whoever removed points from the store without a word, be it a mistake or a break-in,
 * shall not have a prune finish the work.
 */
export function explain(
  { journal }: Workspace,
  store: string,
  { before, others, going = [] }: ExplanationOf,
): Explanation {
  const bytes = new Map(before.map(({ id, storedBytes }) => [id, storedBytes]));
  const made = new Set<string>();
  const given = new Set(going);
  const accepted = new Set<string>();
  let deletedBytes = 0;
  const own = journal.records({ kinds });
  // What was brought back from a store is told twice.
  const known = new Set(own.map(({ hash }) => hash));
  for (const { kind, data } of [...others.filter(({ hash }) => !known.has(hash)), ...own]) {
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
      // Written anew under a later key epoch: the old packs go, and no point with them.
      deletedBytes -= (data['outdated'] as { movedBytes: number } | undefined)?.movedBytes ?? 0;
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
