import { limits } from '../../core/index.ts';
import { sentenceDuration, type Finding } from '../../plan/index.ts';
import type { World } from './world.ts';

/** What is about to be due; what is overdue already the linter says. */
export function judgeDays(world: World): Finding[] {
  const nowMs = world.clock.now();
  const { review, waivers } = world.plan;
  const lastMs = dayOf(review.last);
  const reviews = [
    dayOf(review.next),
    ...(review.next !== undefined || lastMs === undefined ? [] : (review.every ?? []).map((one) => one.next(lastMs))),
  ];
  const reviewMs = soonest(reviews, nowMs);
  return [
    ...(reviewMs === undefined
      ? []
      : [
          world.found(
            'live.due_soon',
            ['review'],
            `the next review is due on ${day(reviewMs)}, in ${sentenceDuration(reviewMs - nowMs)}`,
            'Put it into the calendars of those who would use the plan.',
          ),
        ]),
    ...waivers.flatMap(({ rule, until }, index) => {
      const endMs = soonest([dayOf(until)], nowMs);
      if (endMs === undefined) return [];
      const message = `the waiver of ${rule} ends on ${day(endMs)}, in ${sentenceDuration(endMs - nowMs)}`;
      return [world.found('live.due_soon', ['waivers', index], message, 'Mend what it accepts, or decide again.')];
    }),
  ];
}

/** The first of these days that is ahead and near. */
const soonest = (days: readonly (number | undefined)[], nowMs: number): number | undefined =>
  days
    .flatMap((ms) => (ms === undefined || ms < nowMs || ms > nowMs + limits.dueSoonMs ? [] : [ms]))
    .toSorted((a, b) => a - b)[0];

function dayOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
