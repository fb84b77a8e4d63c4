import type { Workspace } from '../contract.ts';
import { holdersOf } from '../stores-of.ts';
import { gapOf, type ReadingBudget } from './budget.ts';

/** How much people ask to be read. */
export type ReadingAsked =
  /** Nothing but what tells of the rest: every object that a point needs is there, of the right size. */
  | 'structure'
  /** So much that every byte is read once in the time that the plan states (`readEverything`), at the pace of its calendar. */
  | 'due'
  /** What the verification that was stopped has not read; from the beginning, if none was. */
  | 'rest'
  | { readonly bytes: number }
  /** From 0 to 1. */
  | { readonly share: number };

/** Undefined: every byte of the points. */
export function budgetOf(
  workspace: Workspace,
  store: string,
  reading: ReadingAsked | undefined,
): ReadingBudget | undefined {
  if (reading === undefined || reading === 'structure') return undefined;
  if (reading === 'rest') return { kind: 'since', sinceMs: stoppedSince(workspace, store) };
  if (reading === 'due') return dueIn(workspace, store);
  return 'bytes' in reading ? { kind: 'bytes', bytes: reading.bytes } : { kind: 'share', share: reading.share };
}

/** The strictest window of the policies that put points here; where none states one, every byte is due each time. */
function dueIn({ plan, clock }: Workspace, store: string): ReadingBudget | undefined {
  const nowMs = clock.now();
  const windows = [...plan.assets.values()].flatMap(({ name, policy: named }) => {
    const policy = plan.policies.get(named ?? '');
    const windowMs = policy?.verifies?.readEverythingMs;
    if (windowMs === undefined || !holdersOf(plan, name).includes(store)) return [];
    return [{ windowMs, everyMs: gapOf(policy?.verifies?.every ?? [], nowMs) }];
  });
  const strictest = windows.toSorted((a, b) => a.windowMs - b.windowMs)[0];
  return strictest === undefined ? undefined : { kind: 'window', ...strictest, nowMs };
}

/** When the first verification began that was to read all, and that none has finished since. */
function stoppedSince({ journal, clock }: Workspace, store: string): number {
  let sinceMs: number | undefined;
  let restsFrom: number | undefined;
  for (const { kind, atMs, sequence, data } of journal.records({ kinds: ['verify.started', 'verify.finished'] })) {
    if (data['store'] !== store) continue;
    if (kind === 'verify.started' && readsAll(data)) {
      sinceMs ??= atMs;
      restsFrom = sequence;
    } else if (kind === 'verify.finished' && (readsAll(data) || Number(data['intent']) === restsFrom))
      sinceMs = undefined;
  }
  return sinceMs ?? clock.now();
}

const readsAll = (data: Record<string, unknown>): boolean =>
  data['depth'] === 'points' || data['depth'] === 'everything' || data['rest'] === true;
