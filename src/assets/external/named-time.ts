const written =
  /(?<![0-9])(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?:[T_ .-]*([01]\d|2[0-3])[-:_.h]?([0-5]\d)(?:[-:_.m]?([0-5]\d))?(Z)?)?(?![0-9])/;

/**
 * The moment that a file's name tells, `orders-2026-11-21T0200.sql.gz`, milliseconds since 1970; without a time of day the start of
 * the day. Read in the zone, unless it ends with Z. Undefined where no date is in the name.
 */
export function namedTimeMs(name: string, zone: string): number | undefined {
  const match = written.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', utc] = match;
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (utc !== undefined) return wall;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  const guess = wall - offsetMs(wall, zone);
  return wall - offsetMs(guess, zone);
}

function offsetMs(atMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(atMs);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return (
    Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) -
    Math.floor(atMs / 1000) * 1000
  );
}
