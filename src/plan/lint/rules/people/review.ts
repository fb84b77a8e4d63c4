import type { Path } from '../../../document.ts';
import type { Facts } from '../../facts/facts.ts';
import { rhythmOf } from '../../facts/rhythm.ts';
import type { Found, Rule } from '../../rule.ts';
import { sentenceDuration } from '../../words.ts';

export const reviewOverdue: Rule = {
  code: 'people.review_overdue',
  severity: 'warning',
  title: 'The plan was to be read again, and was not',
  why: `People leave, numbers change, systems move. A plan that nobody has read for a year names a person who is gone and a bucket that was renamed.`,
  bad: `review: { last: 2024-01-10, every: quarterly }`,
  good: `review: { last: 2026-10-01, every: quarterly }`,
  *find(facts) {
    const last = dayOf(facts, ['review', 'last']);
    const next = dayOf(facts, ['review', 'next']);
    const rhythm = rhythmOf(facts.calendars(['review', 'every']));
    // A review may be held on any day up to the next one that is due, so the longest gap counts.
    const dueMs = next ?? (last === undefined || rhythm === undefined ? undefined : last + rhythm.longestGapMs);
    if (dueMs !== undefined && facts.nowMs > dueMs + dayMs)
      yield late(facts, dueMs, next === undefined ? ['review', 'last'] : ['review', 'next']);
  },
};

const dayMs = 86_400_000;

function dayOf(facts: Facts, path: Path): number | undefined {
  const text = facts.written.text(path);
  const ms = text === undefined ? Number.NaN : Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function late(facts: Facts, dueMs: number, path: Path): Found {
  const day = new Date(dueMs).toISOString().slice(0, 10);
  return {
    path,
    message: `the review was due on ${day}, ${sentenceDuration(Math.floor((facts.nowMs - dueMs) / dayMs) * dayMs)} ago`,
    hint: 'Read the plan with those who would use it, and write the day into review: { last }.',
  };
}
