import type { Existing, TableFigures } from '../../assets/index.ts';
import { formatBytes, formatDuration, isoTime } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';
import type { ExpectedTime } from './expected-time.ts';

/** What was measured of tables that were brought back: written into the journal, so that the next ones know the rate. */
export interface TableParts {
  /** Sandbox and comparison, seconds: a dry run does the same. */
  readonly look: number;
  /** The change of the target, until it was committed. */
  readonly change: number;
  /** Of the rows that were changed, as far as sizes of tables tell. */
  readonly changedBytes: number;
}

/** A change of less than this share of the one that is asked for tells nothing of the rate: what each takes, however small, would be multiplied with it. */
const tellingShare = 1 / 4;

/** The rows that a change would touch, and those of them whose content would be kept first. */
export function touchedBy(
  tables: readonly TableFigures[],
  existing: Existing,
): { bytes: number; replaced: { rows: number; bytes: number } } {
  const isReplaced = existing === 'replace';
  const share = ({ bytes, rows }: TableFigures, part: number): number =>
    Math.round(bytes * Math.min(1, part / Math.max(1, rows)));
  const sum = (each: (table: TableFigures) => number): number => tables.reduce((total, one) => total + each(one), 0);
  const replacedOf = ({ changed = 0 }: TableFigures): number => (isReplaced ? changed : 0);
  return {
    bytes: sum((table) => share(table, (table.missing ?? 0) + replacedOf(table))),
    replaced: { rows: sum(replacedOf), bytes: sum((table) => share(table, replacedOf(table))) },
  };
}

/**
 * How long it takes to bring these tables back: the look as it was just measured, and the change by the last one of this asset that changed enough to tell. What was never
 * measured is not guessed: then `from` says that it is not in it.
 */
export function expectedOfTables({ journal }: Workspace, asset: string, bytes: number, look: number): ExpectedTime {
  const looked = `${formatDuration(look * 1000)} to look, as just now`;
  if (bytes === 0) return { seconds: look, from: `${looked}; nothing is changed` };
  const last = journal
    .records({ kinds: ['tables.finished'] })
    .filter(({ data }) => data['asset'] === asset && data['result'] !== null)
    .map(({ atMs, data }) => ({ atMs, parts: data['parts'] as TableParts | undefined }))
    .findLast(({ parts }) => parts !== undefined && parts.changedBytes >= bytes * tellingShare);
  if (last?.parts === undefined)
    return {
      seconds: look,
      from: `${looked}; the change of ${formatBytes(bytes)} was never measured and is not in it`,
    };
  const { change, changedBytes } = last.parts;
  return {
    seconds: look + change * Math.max(1, bytes / changedBytes),
    from: `${looked}; the change by that of ${isoTime(last.atMs)}: ${formatBytes(changedBytes)} in ${formatDuration(change * 1000)}`,
  };
}
