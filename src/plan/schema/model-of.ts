import { z } from 'zod';
import { parseDuration } from '../../core/index.ts';
import { parseCalendar } from '../calendar/calendar.ts';
import { insideOf, unwrapped } from './inspect-schema.ts';
import { calendars, duration, durationRange, share } from './words.ts';

/**
 * What a schema has accepted, as the model says it: durations in milliseconds under a name that ends with `Ms`
 * (`updates: 30m` → `updatesMs`), calendars understood in the zone of the plan, ranges and shares as numbers. The names and the
 * shape of everything else stay.
 */
export function modelOf(schema: z.ZodType, written: unknown, timezone: string): unknown {
  const one = readingOf(schema, written);
  if (is(one, calendars)) return words(written).map((text) => parseCalendar(text, timezone));
  if (is(one, durationRange) || is(one, share)) return one.parse(written);
  if (is(one, duration)) return parseDuration(String(written));
  if (Array.isArray(written)) return written.map((item, index) => modelOf(insideOrSame(one, index), item, timezone));
  if (typeof written !== 'object' || written === null) return written;
  const entries = Object.entries(written).map(([key, part]) => {
    const inner = insideOrSame(one, key);
    const name = one.def.type === 'object' && is(readingOf(inner, part), duration) ? `${key}Ms` : key;
    return [name, modelOf(inner, part, timezone)] as const;
  });
  return Object.fromEntries(entries);
}

/** Of a schema that allows several readings the one that accepts what is written. */
function readingOf(schema: z.ZodType, written: unknown): z.ZodType {
  const readings = unwrapped(schema, 0, isWord);
  if (readings.length === 1) return readings[0] as z.ZodType;
  return readings.find((one) => one.safeParse(written).success) ?? readings[0] ?? schema;
}

/** `describe` copies a schema, but not what it is defined by. */
const is = (schema: z.ZodType, word: z.ZodType): boolean => schema.def === word.def;

const isWord = (schema: z.ZodType): boolean =>
  [duration, durationRange, share, calendars].some((word) => is(schema, word));

const words = (written: unknown): string[] => (Array.isArray(written) ? written : [written]).map(String);

/** Where a schema says nothing of what is inside (settings of a kind), that stays as it is. */
const insideOrSame = (schema: z.ZodType, part: string | number): z.ZodType => insideOf(schema, part)[0] ?? anything;

const anything = z.unknown();
