import type { Policy } from '../model.ts';
import { months, weekdays } from './days.ts';
import { parseSpan, type Span } from './span.ts';

/** How points of one policy are kept, understood from its `keep`. */
export interface RetentionRules {
  readonly windows: readonly KeptWindow[];
  /** So many of the newest, whatever their age. */
  readonly atLeast: number;
  /** Any moment of so long ago must be reachable. */
  readonly pitr: Span | undefined;
  readonly forever: boolean;
  /** By age. */
  readonly tiers: readonly RetentionTier[];
}

/** One point of each slot stays for so long. */
export interface KeptWindow {
  readonly slot: SlotName;
  readonly starts: SlotStart;
  readonly span: Span;
}

export type SlotName = (typeof slotNames)[number];
export const slotNames = ['all', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** On which day a week, month or year begins. */
export interface SlotStart {
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1 to 31; a month without that day begins on its last. */
  readonly dayOfMonth: number;
  /** 0 is January. */
  readonly month: number;
}

export interface RetentionTier {
  readonly after: Span;
  readonly class: string;
  /** How long it stays there; a window that reaches the tier lasts at least to this end. */
  readonly for: Span | undefined;
  readonly store: string | undefined;
}

/**
 * `keep` as the schema has accepted it; undefined when the policy says nothing of keeping: then everything stays. A `keep` of `tiers` alone
 * says where points lie, not when they go, and keeps everything, too.
 */
export function retentionRules(keep: Policy['keep']): RetentionRules | undefined {
  if (keep === undefined) return undefined;
  const windows = slotNames.flatMap((slot): KeptWindow[] => {
    const written = keep[slot];
    if (written === undefined) return [];
    const { day, for: text } = typeof written === 'string' ? { day: undefined, for: written } : (written as Windowed);
    return [{ slot, starts: startOf(slot, day), span: parseSpan(text) }];
  });
  const pitr = keep['pitr'] === undefined ? undefined : parseSpan(String(keep['pitr']));
  const atLeast = Number(keep['atLeast'] ?? 0);
  const forever = keep['forever'] === true;
  const tiers = tiersOf(keep['tiers']);
  const saysNothing = windows.length === 0 && pitr === undefined && atLeast === 0 && !forever;
  if (saysNothing && tiers.length === 0) return undefined;
  return { windows, atLeast, pitr, forever: forever || saysNothing, tiers };
}

interface Windowed {
  readonly day?: string | number;
  readonly for: string;
}

/** Weeks begin on Monday unless the plan says otherwise, months on the first, years on the first of January. */
function startOf(slot: SlotName, day: string | number | undefined): SlotStart {
  const usual = { weekday: 1, dayOfMonth: 1, month: 0 };
  if (day === undefined) return usual;
  if (slot === 'weekly') return { ...usual, weekday: weekdays.indexOf(day as (typeof weekdays)[number]) };
  if (slot === 'monthly') return { ...usual, dayOfMonth: day === 'last' ? 31 : Number(day) };
  const [month, dayOfMonth] = String(day).split(' ');
  return { ...usual, month: months.indexOf(month as (typeof months)[number]), dayOfMonth: Number(dayOfMonth) };
}

function tiersOf(written: unknown): RetentionTier[] {
  const tiers = (written ?? []) as readonly { after: string; class: string; for?: string; store?: string }[];
  return tiers.map((tier) => ({
    after: parseSpan(tier.after),
    class: tier.class,
    for: tier.for === undefined ? undefined : parseSpan(tier.for),
    store: tier.store,
  }));
}
