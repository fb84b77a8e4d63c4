import type { Machine } from '../machine.ts';
import type { Profile } from '../profile/profile.ts';
import { isOurs, works, type Omission } from '../tool.ts';
import { megabytes, seconds, table, titles } from './format.ts';
import { profileSections } from './profile.ts';
import type { Result } from './results.ts';
import type { Verdict } from './targets.ts';

export interface Outcome {
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, number | boolean | string>>;
  readonly results: readonly Result[];
  readonly targets: readonly Verdict[];
  readonly omissions: readonly Omission[];
  readonly profiles: readonly Profile[];
}

/** The outcome as a Markdown document. */
export function markdown(outcome: Outcome): string {
  const parts = [
    '# The bench',
    aboutMachine(outcome),
    ...works.flatMap((work) => section(work, outcome.results)),
    '## Targets',
    'Ratios are of medians of this run. The machine’s speed is in none of them but those in MB, ms and GB/s.',
    table(
      ['', 'what', 'measured', 'goal'],
      outcome.targets.map((verdict) => [...targetRow(verdict)]),
      [1, 3],
    ),
  ];
  parts.push(...profileSections(outcome.profiles));
  if (outcome.omissions.length > 0) parts.push('## Not measured', outcome.omissions.map(omissionLine).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** Of a run that measured nothing and only says where the time goes. */
export function profileMarkdown(outcome: Outcome): string {
  const parts = ['# The bench', aboutMachine(outcome), ...profileSections(outcome.profiles)];
  if (outcome.omissions.length > 0) parts.push('## Not done', outcome.omissions.map(omissionLine).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

/** Where and when, in a line. */
export function captionOf({ machine }: Outcome): string {
  const quiet =
    machine.loadBefore > loadOfQuiet ? ` The machine was not quiet: load ${machine.loadBefore.toFixed(2)}.` : '';
  return `${machine.at.slice(0, 16).replace('T', ' ')} UTC; ${machine.processor}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GB; ${machine.system}.${quiet}`;
}

/** Of the last minute, before the first run. */
const loadOfQuiet = 0.3;

function aboutMachine({ machine, settings }: Outcome): string {
  const lines = [
    `${machine.at}; ${machine.processor}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GB; ${machine.system}.`,
    machine.versions.join(', '),
    Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ];
  if (machine.loadBefore > loadOfQuiet)
    lines.push(`**The machine was not quiet: load ${machine.loadBefore.toFixed(2)} before the first run.**`);
  return lines.join('  \n');
}

function section(work: (typeof works)[number], results: readonly Result[]): string[] {
  const ofWork = results.filter((result) => result.work === work);
  if (ofWork.length === 0) return [];
  const ours = ofWork.find(({ tool }) => tool === 'lifeboat');
  const withSpeed = ofWork.some(({ plainBytes }) => plainBytes !== null);
  const rows = [...ofWork]
    .sort((a, b) => a.seconds - b.seconds)
    .map((result) => [
      isOurs(result.tool) ? `**${result.tool}**` : result.tool,
      seconds(result.seconds),
      `${seconds(result.secondsMin)} – ${seconds(result.secondsMax)} (${result.runs})`,
      ours === undefined || result === ours ? '' : (ours.seconds / result.seconds).toFixed(2),
      seconds(result.cpuSeconds),
      megabytes(result.peakBytes),
      megabytes(result.storedBytes),
      ...(withSpeed ? [speed(result)] : []),
    ]);
  const headings = ['tool', 'median s', 'least – most (runs)', 'lifeboat ÷ it', 'CPU s', 'peak MB', 'stored MB'];
  if (withSpeed) headings.push('plain MB/s');
  return [`## ${titles[work]}`, table(headings, rows, [0])];
}

const speed = ({ plainBytes, seconds: taken }: Result): string =>
  plainBytes === null || taken === 0 ? '' : String(Math.round(plainBytes / taken / 1e6));

function targetRow({ what, measured, goal, reached }: Verdict): string[] {
  const mark = reached === null ? 'not measured' : reached ? '✓ reached' : '✗ not reached';
  return [mark, what, measured ?? '', goal];
}

const omissionLine = ({ tool, work, reason, failed }: Omission): string =>
  `- ${tool}${work === undefined ? '' : `, ${work}`}: ${failed ? '**failed**: ' : ''}${reason.replaceAll('\n', ' ')}`;
