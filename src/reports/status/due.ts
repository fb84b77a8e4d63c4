import type { Calendar } from '../../plan/index.ts';

/** The first turn of any of these calendars after a moment. */
export const dueAfter = (calendars: readonly Calendar[], afterMs: number): number | undefined =>
  calendars
    .flatMap((calendar) => calendar.next(afterMs) ?? [])
    .toSorted((a, b) => a - b)
    .at(0);
