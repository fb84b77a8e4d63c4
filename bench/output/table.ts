import type { Machine } from '../machine.ts';
import { works, type Omission } from '../tool.ts';
import type { Result } from './results.ts';
import type { Verdict } from './targets.ts';

export const titles: Readonly<Record<(typeof works)[number], string>> = {
  full: 'PostgreSQL: full backup',
  second: 'PostgreSQL: second backup, 1 % of the rows changed, contiguous',
  scattered: 'PostgreSQL: second backup, 1 % of the rows changed, scattered',
  restore: 'PostgreSQL: restore, to the first answer',
  verify: 'PostgreSQL: verify, every byte of a full backup',
  'files-full': 'Small files: full backup',
  'files-second': 'Small files: second backup, 1 % changed',
  'files-restore': 'Small files: restore',
  'sqlite-full': 'SQLite: full backup',
  'sqlite-second': 'SQLite: second backup, 1 % of the rows changed, scattered',
  'sqlite-restore': 'SQLite: restore',
  start: 'Cold start of the command line',
};

export interface Outcome {
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, number | boolean>>;
  readonly results: readonly Result[];
  readonly targets: readonly Verdict[];
  readonly omissions: readonly Omission[];
}

/** The outcome as a Markdown document. */
export function markdown(outcome: Outcome): string {
  const parts = [
    '# The bench',
    aboutMachine(outcome),
    ...works.flatMap((work) => section(work, outcome.results)),
    '## Targets',
    table(
      ['', 'what', 'measured', 'goal'],
      outcome.targets.map((verdict) => [...targetRow(verdict)]),
      [1, 3],
    ),
  ];
  if (outcome.omissions.length > 0) parts.push('## Not measured', outcome.omissions.map(omissionLine).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

export const seconds = (value: number): string => value.toFixed(value < 1 ? 3 : 2);
export const megabytes = (bytes: number | null): string =>
  bytes === null ? '' : (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

function aboutMachine({ machine, settings }: Outcome): string {
  const lines = [
    `${machine.at}; ${machine.processor}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GB; ${machine.system}.`,
    machine.versions.join(', '),
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ];
  if (machine.loadBefore > 0.3)
    lines.push(`**The machine was not quiet: load ${machine.loadBefore.toFixed(2)} before the first run.**`);
  return lines.join('  \n');
}

function section(work: (typeof works)[number], results: readonly Result[]): string[] {
  const ofWork = results.filter((result) => result.work === work);
  if (ofWork.length === 0) return [];
  const ours = ofWork.find(({ tool }) => tool === 'lifeboat');
  const rows = [...ofWork]
    .sort((a, b) => a.seconds - b.seconds)
    .map((result) => [
      result === ours ? `**${result.tool}**` : result.tool,
      seconds(result.seconds),
      `${seconds(result.secondsMin)} – ${seconds(result.secondsMax)} (${result.runs})`,
      ours === undefined || result === ours ? '' : (ours.seconds / result.seconds).toFixed(2),
      seconds(result.cpuSeconds),
      megabytes(result.peakBytes),
      megabytes(result.storedBytes),
    ]);
  const headings = ['tool', 'median s', 'least – most (runs)', 'lifeboat ÷ it', 'CPU s', 'peak MB', 'stored MB'];
  return [`## ${titles[work]}`, table(headings, rows, [0])];
}

function targetRow({ what, measured, goal, reached }: Verdict): string[] {
  const mark = reached === null ? 'not measured' : reached ? '✓ reached' : '✗ not reached';
  return [mark, what, measured ?? '', goal];
}

const omissionLine = ({ tool, work, reason, failed }: Omission): string =>
  `- ${tool}${work === undefined ? '' : `, ${work}`}: ${failed ? '**failed**: ' : ''}${reason.replaceAll('\n', ' ')}`;

/** Padded, so that it reads as well in a terminal. `left`: the columns of words. */
function table(headings: readonly string[], rows: readonly (readonly string[])[], left: readonly number[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isLeft = (column: number): boolean => left.includes(column) || column === 0;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (isLeft(column) ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join(' | ')} |`;
  const rule = widths.map((width, column) => (isLeft(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(headings), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}
