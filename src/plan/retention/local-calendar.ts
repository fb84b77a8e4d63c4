import type { Span } from './span.ts';

const dayMs = 86_400_000;
/** Zones change their offset at multiples of this at the finest. */
const quarterMs = 900_000;
/** Offsets that are kept once they were asked for: asking takes a hundred times as long. */
const offsetsKept = 100_000;

type Length = Omit<Span, 'text'>;

/** Made once for each zone of the plans that this process reads. */
export function localCalendar(timezone: string): LocalCalendar {
  const known = made.get(timezone) ?? new LocalCalendar(timezone);
  made.set(timezone, known);
  return known;
}

const made = new Map<string, LocalCalendar>();

/** The calendar of one time zone: which day a moment is on, and when so many days or years later is. */
export class LocalCalendar {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  constructor(timezone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** What the zone's clock shows at a moment, as milliseconds since 1970 by that clock. */
  shown(ms: number): number {
    return ms + this.#offset(ms);
  }

  /** Days since 1970-01-01 on the zone's calendar. */
  day(ms: number): number {
    return Math.floor(this.shown(ms) / dayMs);
  }

  /** Year, month (0 to 11) and day of the month in the zone. */
  date(ms: number): { year: number; month: number; day: number } {
    const shown = new Date(this.shown(ms));
    return { year: shown.getUTCFullYear(), month: shown.getUTCMonth(), day: shown.getUTCDate() };
  }

  /** `2026-11-21`, in the zone. */
  isoDate(ms: number): string {
    return isoDay(this.day(ms));
  }

  /**
   * So much later: calendar years first, then calendar days, each at the same time of day, then time that passes. Where a day is not
   * there (29 February a year later), the next one; where a change of clocks leaves out the time, the one right after it.
   */
  after(ms: number, { years, days, restMs }: Length): number {
    if (years === 0 && days === 0) return ms + restMs;
    const shown = new Date(this.shown(ms));
    const later = Date.UTC(
      shown.getUTCFullYear() + years,
      shown.getUTCMonth(),
      shown.getUTCDate() + days,
      shown.getUTCHours(),
      shown.getUTCMinutes(),
      shown.getUTCSeconds(),
      shown.getUTCMilliseconds(),
    );
    return this.#momentOf(later) + restMs;
  }

  /** So much earlier, by the same calendar. */
  before(ms: number, { years, days, restMs }: Length): number {
    return this.after(ms, { years: -years, days: -days, restMs: 0 }) - restMs;
  }

  /** Of a time that the clock shows twice the first; of one that it leaves out the one right after. */
  #momentOf(shown: number): number {
    const candidates = [this.#offset(shown - dayMs), this.#offset(shown + dayMs)].map((offset) => shown - offset);
    return candidates.toSorted((a, b) => a - b).find((ms) => this.shown(ms) === shown) ?? (candidates[0] as number);
  }

  #offset(ms: number): number {
    const quarter = Math.floor(ms / quarterMs);
    const known = this.#offsets.get(quarter);
    if (known !== undefined) return known;
    const parts = this.#format.formatToParts(quarter * quarterMs);
    const at = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
    const shown = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second'));
    const offset = shown - quarter * quarterMs;
    if (this.#offsets.size >= offsetsKept) this.#offsets.clear();
    this.#offsets.set(quarter, offset);
    return offset;
  }
}

/** `2026-11-21` from days since 1970-01-01. */
export const isoDay = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10);
