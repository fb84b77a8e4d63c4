import colours from 'picocolors';
import { loadPackage, redact } from '../core/index.ts';

export type Colours = ReturnType<typeof colours.createColors>;

/** A place text can be written to: a terminal, a pipe, or a list in a test. */
export interface TextStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What people read on standard output. Every text is redacted; with `--json` nothing is written at all. */
export interface Output {
  readonly colours: Colours;
  line(text?: string): void;
  /** Columns without lines around them. Headings that start with `>` are aligned to the right: `>size`. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void;
  /** `✓` or `✗`, green or red: a glance, beside a word and never instead of it. */
  mark(good: boolean): string;
}

export interface OutputOptions {
  readonly stream: TextStream;
  readonly silent: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Called before each line: whatever shares the terminal (a progress bar) makes room. */
  readonly beforeLine: () => void;
}

export function createOutput(options: OutputOptions): Output {
  const paint = colours.createColors(wantsColours(options.stream, options.environment));
  const line = (text = ''): void => {
    if (options.silent) return;
    options.beforeLine();
    options.stream.write(`${redact(text)}\n`);
  };
  return {
    colours: paint,
    line,
    table: (headings, rows) => {
      if (!options.silent) line(tableText(headings, rows, paint));
    },
    mark: (good) => (good ? paint.green('✓') : paint.red('✗')),
  };
}

/** NO_COLOR (any value) wins, then FORCE_COLOR, then whether a person is looking. */
export function wantsColours(stream: TextStream, environment: Readonly<Record<string, string | undefined>>): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  if ((environment['FORCE_COLOR'] ?? '') !== '') return environment['FORCE_COLOR'] !== '0';
  return stream.isTTY === true && environment['TERM'] !== 'dumb';
}

function tableText(headings: readonly string[], rows: readonly (readonly string[])[], paint: Colours): string {
  // Loaded here and not above: most commands print no table, and every start would pay for it.
  const Table = loadPackage('cli-table3', import.meta.url) as typeof import('cli-table3');
  const table = new Table({
    head: headings.map((heading) => paint.dim(heading.replace(/^>/, ''))),
    colAligns: headings.map((heading) => (heading.startsWith('>') ? 'right' : 'left')),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((row) => row.trimEnd())
    .join('\n');
}

const edges = ['top', 'bottom', 'left', 'right'];
const noLines = Object.fromEntries(
  ['mid', 'middle', 'left-mid', 'mid-mid', 'right-mid', ...edges.flatMap((edge) => [edge, ...corners(edge)])].map(
    (name) => [name, ''],
  ),
);

function corners(edge: string): string[] {
  return edge === 'top' || edge === 'bottom' ? [`${edge}-mid`, `${edge}-left`, `${edge}-right`] : [];
}
