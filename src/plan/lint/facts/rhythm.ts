import type { Calendar } from '../../model.ts';

/** How far apart the moments of a calendar are, over ten years of real ones. */
export interface Rhythm {
  readonly longestGapMs: number;
  /** The gap that comes most often: what people think the rhythm is. */
  readonly usualGapMs: number;
  /** Each gap that occurs, with how often, longest first. */
  readonly gaps: readonly { readonly ms: number; readonly count: number }[];
  readonly count: number;
}

/**
 * Of several calendars together; undefined when there is none. Expanded once in a process, however many plans, policies and drills
 * use them: what comes out depends on their words alone.
 */
export function rhythmOf(calendars: readonly Calendar[]): Rhythm | undefined {
  if (calendars.length === 0) return undefined;
  const key = calendars.map(({ text, timezone }) => `${text} | ${timezone}`).join(' + ');
  if (known.has(key)) return known.get(key);
  if (known.size >= knownMax) known.clear();
  const rhythm = expand(calendars);
  known.set(key, rhythm);
  return rhythm;
}

const known = new Map<string, Rhythm | undefined>();
/** More than any plan has; a process that runs for months reads many plans. */
const knownMax = 10_000;

// A fixed start: findings do not depend on the day they are looked for. Ten years hold every way that months and weeks can meet.
const startMs = Date.parse('2024-01-01T00:00:00Z');
const spanMs = 10 * 365.25 * 86_400_000;
/** Of calendars that come more seldom than this all ten years are looked at; others repeat, but for the changes of clocks. */
const seldomMs = 20 * 86_400_000;
const momentsMax = 64;
const dayMs = 86_400_000;

function expand(calendars: readonly Calendar[]): Rhythm | undefined {
  const counts = new Map<number, number>();
  const untilMs = startMs + spanMs;
  const lastMs = walk(calendars, startMs, untilMs, momentsMax, counts);
  const averageMs = lastMs === undefined ? 0 : (lastMs - startMs) / momentsMax;
  if (lastMs !== undefined && averageMs >= seldomMs) walk(calendars, lastMs - 1, untilMs, momentsMax * 2, counts);
  // What comes daily or more often has not met a change of clocks yet: look at the days around those.
  if (lastMs !== undefined && lastMs < startMs + 366 * dayMs) {
    for (const changeMs of clockChanges(calendars[0]?.timezone ?? 'UTC')) {
      walk(calendars, changeMs - 2 * dayMs, changeMs + 3 * dayMs, momentsMax, counts);
    }
  }
  const gaps = [...counts].map(([ms, count]) => ({ ms, count })).sort((one, other) => other.ms - one.ms);
  const [longest] = gaps;
  if (longest === undefined) return undefined;
  const usual = gaps.reduce((most, gap) => (gap.count > most.count ? gap : most), longest);
  const count = gaps.reduce((total, gap) => total + gap.count, 0);
  return { longestGapMs: longest.ms, usualGapMs: usual.ms, gaps, count };
}

/** Counts the gaps between the moments of a span; returns the last moment. */
function walk(
  calendars: readonly Calendar[],
  fromMs: number,
  untilMs: number,
  most: number,
  counts: Map<number, number>,
): number | undefined {
  let at = nextOf(calendars, fromMs);
  for (let moments = 1; at !== undefined && moments < most; moments += 1) {
    const next = nextOf(calendars, at);
    if (next === undefined || next > untilMs) return at;
    counts.set(next - at, (counts.get(next - at) ?? 0) + 1);
    at = next;
  }
  return at;
}

function nextOf(calendars: readonly Calendar[], afterMs: number): number | undefined {
  const moments = calendars.flatMap((calendar) => calendar.next(afterMs) ?? []);
  return moments.length === 0 ? undefined : Math.min(...moments);
}

/** The days of one year on which the clocks of a zone change. */
function clockChanges(timezone: string): number[] {
  if (timezone === 'UTC') return [];
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' });
  const offset = (ms: number): string =>
    format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const days = Array.from({ length: 366 }, (_, day) => startMs + day * dayMs);
  return days.filter((day) => offset(day) !== offset(day + dayMs));
}
