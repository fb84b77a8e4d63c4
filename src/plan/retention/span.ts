import { parseDuration } from '../../core/index.ts';

/** A length of time as calendars count it: `1y` is to the same day of the next year, `30d` thirty days of 23 to 25 hours. */
export interface Span {
  readonly years: number;
  readonly days: number;
  /** Time that passes, whatever the clocks do: hours and below. */
  readonly restMs: number;
  /** As the plan writes it. */
  readonly text: string;
}

/** From `48h`, `30d`, `2w`, `7y`, `1y30d`. Throws `input.flag` for what is no duration. */
export function parseSpan(text: string): Span {
  parseDuration(text);
  const span = { years: 0, days: 0, restMs: 0 };
  for (const [part, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w|y)/g)) {
    const whole = Number.isInteger(Number(count));
    if (unit === 'y' && whole) span.years += Number(count);
    else if (unit === 'd' && whole) span.days += Number(count);
    else if (unit === 'w' && whole) span.days += 7 * Number(count);
    else span.restMs += parseDuration(part);
  }
  return { ...span, text: text.replaceAll(' ', '') };
}

/** One after the other. */
export const spanSum = (first: Span, second: Span): Span => ({
  years: first.years + second.years,
  days: first.days + second.days,
  restMs: first.restMs + second.restMs,
  text: `${first.text} and ${second.text}`,
});
