import { LifeboatError } from '../../core/index.ts';

/** What `NAME=value` says in a file of such lines; the last one counts, as it does for systemd and shells. */
export function readEnvLine(text: string, name: string): string | undefined {
  const line = linesOf(text, name).at(-1);
  return line === undefined ? undefined : unquoted(line.written);
}

/** The text with the value; everything else stays as it is. Without a value its lines go. */
export function writeEnvLine(text: string, name: string, value: string | undefined): string {
  const found = linesOf(text, name);
  const lines = text.split('\n');
  if (value === undefined) return lines.filter((_, index) => !found.some((one) => one.index === index)).join('\n');
  const last = found.at(-1);
  if (last === undefined) {
    const body = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    return `${body}${name}=${quoted(name, value, '')}\n`;
  }
  lines[last.index] = `${last.before}${quoted(name, value, last.written)}`;
  return lines.join('\n');
}

/** All that such a file says. */
export function readEnvLines(text: string): Record<string, string> {
  const named = text.split('\n').flatMap((line) => partsOf(line) ?? []);
  return Object.fromEntries(named.map(({ name, written }) => [name, unquoted(written)]));
}

function linesOf(text: string, name: string): { index: number; before: string; written: string }[] {
  return text.split('\n').flatMap((line, index) => {
    const parts = partsOf(line);
    return parts?.name === name ? [{ index, before: parts.before, written: parts.written }] : [];
  });
}

function partsOf(line: string): { name: string; before: string; written: string } | undefined {
  const match = /^(\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=)(.*?)\s*$/.exec(line);
  if (match === null) return undefined;
  const [, before = '', name = '', written = ''] = match;
  return { name, before, written };
}

function unquoted(written: string): string {
  if (/^'[^']*'$/.test(written)) return written.slice(1, -1);
  if (/^"(?:[^"\\]|\\.)*"$/.test(written)) return written.slice(1, -1).replaceAll(/\\(["\\$`])/g, '$1');
  return written;
}

/** As the line was before where that holds the value; those who read such files agree on plain words and on single quotes. */
function quoted(name: string, value: string, before: string): string {
  if (/[\n\r\0]/.test(value)) {
    throw new LifeboatError('plan.invalid', `the new value of ${name} has several lines, and a line holds one`);
  }
  const isPlain = /^[^\s#'"`$\\]*$/.test(value);
  if (isPlain && before.startsWith('"')) return `"${value}"`;
  if (isPlain && !before.startsWith("'")) return value;
  return value.includes("'") ? `"${value.replaceAll(/(["\\$`])/g, '\\$1')}"` : `'${value}'`;
}
