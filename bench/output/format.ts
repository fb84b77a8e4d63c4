import type { works } from '../tool.ts';

export const titles: Readonly<Record<(typeof works)[number], string>> = {
  full: 'PostgreSQL: full backup',
  second: 'PostgreSQL: second backup, 1 % of the rows changed, contiguous',
  scattered: 'PostgreSQL: second backup, 1 % of the rows changed, scattered',
  restore: 'PostgreSQL: restore, to the first answer',
  verify: 'PostgreSQL: verify, every byte of a full backup',
  ten: 'PostgreSQL: ten points, nine of them after 1 % of the rows changed, all together',
  'ten-restore': 'PostgreSQL: restore of the tenth point, to the first answer',
  'files-full': 'Small files: full backup',
  'files-second': 'Small files: second backup, 1 % changed',
  'files-same': 'Small files: another backup, nothing changed',
  'files-restore': 'Small files: restore',
  'sqlite-full': 'SQLite: full backup',
  'sqlite-second': 'SQLite: second backup, 1 % of the rows changed, scattered',
  'sqlite-restore': 'SQLite: restore',
  'memory-full': 'One big file: full backup',
  'memory-verify': 'One big file: verify, every byte',
  'memory-restore': 'One big file: restore',
  's3-full': 'S3: full backup of a folder',
  's3-second': 'S3: second backup, 1 % changed',
  's3-restore': 'S3: restore',
  's3-verify': 'S3: verify, every byte',
  prune: 'Prune of 1,000 points, every second one given up',
  'wal-async': 'Log taken while 8 clients write: 10,000 transactions of pgbench',
  'wal-sync': 'Log taken while 8 clients write and each commit waits for it: 10,000 transactions of pgbench',
  'wal-fetch': 'Log fetched segment by segment, as a server that replays asks for it',
  loss: 'What would be lost while 2 clients write, p99, store in a folder',
  'loss-s3': 'What would be lost while 2 clients write, p99, store in a bucket, default interval',
  'loss-s3-1s': 'What would be lost while 2 clients write, p99, store in a bucket, each second',
  start: 'Cold start of the command line',
  check: 'Check of a plan of 2,000 assets and 500 scenarios',
};

/** Padded, so that it reads as well in a terminal. `left`: the columns of words. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[],
): string {
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isLeft = (column: number): boolean => left.includes(column) || column === 0;
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (isLeft(column) ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join(' | ')} |`;
  const rule = widths.map((width, column) => (isLeft(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(headings), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

export const seconds = (value: number): string => value.toFixed(value < 1 ? 3 : 2);
export const megabytes = (bytes: number | null): string =>
  bytes === null ? '' : (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
