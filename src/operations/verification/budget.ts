import type { Calendar } from '../../plan/index.ts';
import type { PackRead } from './pack-record.ts';

/** How much of the packs is read now. */
export type ReadingBudget =
  | { readonly kind: 'bytes'; readonly bytes: number }
  /** From 0 to 1 of what there is. */
  | { readonly kind: 'share'; readonly share: number }
  /** So much that every byte is read once in a window, at the pace of a calendar. */
  | { readonly kind: 'window'; readonly windowMs: number; readonly everyMs: number; readonly nowMs: number }
  /** What was not read since a moment: the rest of a verification that was stopped. */
  | { readonly kind: 'since'; readonly sinceMs: number };

export interface Pack {
  readonly id: string;
  readonly bytes: number;
}

/** The packs to read: those never read first, then those not read for longest. At least one, if there is any. */
export function choosePacks(
  packs: readonly Pack[],
  reads: ReadonlyMap<string, PackRead>,
  budget: ReadingBudget,
): Set<string> {
  const atOf = ({ id }: Pack): number => reads.get(id)?.atMs ?? -Infinity;
  const oldestFirst = packs.toSorted((a, b) => compare(atOf(a), atOf(b)) || (a.id < b.id ? -1 : 1));
  if (budget.kind === 'since') return idsOf(oldestFirst.filter((pack) => atOf(pack) < budget.sinceMs));
  const total = packs.reduce((sum, { bytes }) => sum + bytes, 0);
  const chosen: Pack[] = [];
  let bytes = 0;
  for (const pack of oldestFirst) {
    if (!isWanted(pack, bytes, chosen.length)) break;
    chosen.push(pack);
    bytes += pack.bytes;
  }
  return idsOf(chosen);

  function isWanted(pack: Pack, sum: number, count: number): boolean {
    if (count === 0) return true;
    if (budget.kind === 'bytes') return sum + pack.bytes <= budget.bytes;
    if (budget.kind === 'share') return sum < total * budget.share;
    if (budget.kind !== 'window') return false;
    const { windowMs, everyMs, nowMs } = budget;
    // What would be too old before the next turn must go now; beside that an even part each time, so that no day has to read all.
    return atOf(pack) + windowMs <= nowMs + everyMs || sum < (total * everyMs) / windowMs;
  }
}

/** The longest time between two turns of these calendars within some weeks; a day where there is none. */
export function gapOf(calendars: readonly Calendar[], nowMs: number): number {
  const turnsLookedAt = 64;
  let longestMs = 0;
  let atMs = nowMs;
  for (let turn = 0; turn < turnsLookedAt; turn += 1) {
    const next = Math.min(...calendars.map((calendar) => calendar.next(atMs) ?? Infinity));
    if (next === Infinity) break;
    if (turn > 0) longestMs = Math.max(longestMs, next - atMs);
    atMs = next;
  }
  return longestMs === 0 ? 86_400_000 : longestMs;
}

const idsOf = (packs: readonly Pack[]): Set<string> => new Set(packs.map(({ id }) => id));

const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
