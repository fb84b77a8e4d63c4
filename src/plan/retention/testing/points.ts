import { retentionRules, type RetainedPoint, type RetentionDecision, type RetentionRequest } from '../index.ts';
import { decideRetention } from '../index.ts';

/** A sound point of `orders`, named by its moment. */
export const pointAt = (iso: string, over: Partial<RetainedPoint> = {}): RetainedPoint => ({
  id: iso,
  asset: 'orders',
  kind: 'base',
  atMs: Date.parse(iso),
  verifiedMs: undefined,
  provenMs: undefined,
  damaged: false,
  ...over,
});

/** One point a day at this time, from the first day on. */
export const daily = (firstDay: string, count: number, time = '02:00:00Z'): RetainedPoint[] =>
  Array.from({ length: count }, (_, i) => {
    const day = new Date(Date.parse(`${firstDay}T00:00:00Z`) + i * 86_400_000).toISOString().slice(0, 10);
    return pointAt(`${day}T${time}`);
  });

/** Points under one `keep` of the plan, judged at a moment. */
export function decide(
  keep: Record<string, unknown> | undefined,
  points: readonly RetainedPoint[],
  now: string,
  over: Partial<RetentionRequest> = {},
): RetentionDecision[] {
  return decideRetention({
    points,
    rulesOf: () => retentionRules(keep),
    holds: [],
    timezone: 'UTC',
    nowMs: Date.parse(now),
    ...over,
  });
}

export const keptIds = (decisions: readonly RetentionDecision[]): string[] =>
  decisions.filter(({ keep }) => keep).map(({ point }) => point.id);

/** Every reason of one point: `weekly: the first point of …`. */
export const reasonsOf = (decisions: readonly RetentionDecision[], id: string): string[] =>
  (decisions.find(({ point }) => point.id === id)?.reasons ?? []).map(({ rule, words }) => `${rule}: ${words}`);
