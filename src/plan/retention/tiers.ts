import { localCalendar, type LocalCalendar } from './local-calendar.ts';
import type { RetentionDecision, RetentionRequest } from './decide.ts';
import type { RetentionTier } from './rules.ts';

/** Where a point that stays belongs by its age. */
export interface TierDecision {
  readonly point: string;
  readonly asset: string;
  /** The storage class; undefined: no tier has begun, it lies where it was written. */
  readonly class: string | undefined;
  /** The store that the tier moves it to. */
  readonly store: string | undefined;
  /** Since when it belongs there. */
  readonly sinceMs: number | undefined;
  /** When the next tier begins. */
  readonly nextMs: number | undefined;
  readonly words: string;
}

/** The tier of each point that stays; of points without tiers nothing is said. */
export function retentionTiers(
  decisions: readonly RetentionDecision[],
  { rulesOf, timezone, nowMs }: Pick<RetentionRequest, 'rulesOf' | 'timezone' | 'nowMs'>,
): TierDecision[] {
  const calendar = localCalendar(timezone);
  return decisions.flatMap(({ point, keep }) => {
    const rules = rulesOf(point.asset);
    if (!keep || rules === undefined || rules === 'unknown' || rules.tiers.length === 0) return [];
    const begins = rules.tiers
      .map((tier) => ({ tier, ms: calendar.after(point.atMs, tier.after) }))
      .toSorted((a, b) => a.ms - b.ms);
    const now = begins.findLast(({ ms }) => ms <= nowMs);
    const next = begins.find(({ ms }) => ms > nowMs);
    return [
      {
        point: point.id,
        asset: point.asset,
        class: now?.tier.class,
        store: now?.tier.store,
        sinceMs: now?.ms,
        nextMs: next?.ms,
        words: wordsOf(calendar, now, next),
      },
    ];
  });
}

type Begun = { readonly tier: RetentionTier; readonly ms: number } | undefined;

function wordsOf(calendar: LocalCalendar, now: Begun, next: Begun): string {
  const place = ({ tier }: NonNullable<Begun>): string =>
    tier.store === undefined ? `the class ${tier.class}` : `the class ${tier.class} of ${tier.store}`;
  const here =
    now === undefined
      ? 'where it was written'
      : `in ${place(now)} since ${calendar.isoDate(now.ms)} (after ${now.tier.after.text})`;
  return next === undefined ? here : `${here}; from ${calendar.isoDate(next.ms)} in ${place(next)}`;
}
