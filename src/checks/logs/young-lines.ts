/**
 * Lines that are not older than a moment. A line without a time (of a stack trace) is as old as the one before it. Undefined when no line bears a
 * time and there are lines.
 */
export function youngerThan(lines: readonly string[], fromMs: number): string[] | undefined {
  let atMs: number | undefined;
  let seen = false;
  const young = lines.filter((line) => {
    const own = timeOf(line);
    if (own !== undefined) {
      atMs = own;
      seen = true;
    }
    return atMs !== undefined && atMs >= fromMs;
  });
  return seen || lines.length === 0 ? young : undefined;
}

const isoTime = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d\d:?\d\d)?/;

/** Within the first letters of a line; without a zone it is that of this machine, as logs write it. Milliseconds since 1970. */
function timeOf(line: string): number | undefined {
  const found = isoTime.exec(line.slice(0, 80));
  if (found === null) return undefined;
  const [, day, time, fraction = '0', zone = ''] = found;
  const written = zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  const ms = Date.parse(`${day}T${time}.${fraction.slice(0, 3)}${written}`);
  return Number.isNaN(ms) ? undefined : ms;
}
