import { statSync } from 'node:fs';
import { backup } from 'node:sqlite';
import { LifeboatError, type Clock } from '../../core/index.ts';
import { journalModeOf, reading } from './database.ts';

export interface Snapshot {
  /** Everything that was committed by now is in the copy. */
  readonly atMs: number;
  readonly journalMode: string;
  readonly recovered: boolean;
  readonly pageBytes: number;
}

/**
 * One step for the whole database, inside a read transaction: a backup in several steps starts again whenever another process
 * writes, perhaps for ever; and without the transaction Node's `backup` answers a lock with "not an error".
 */
const pagesInOneStep = 2 ** 30;

/**
 * Writes a consistent copy of a live database, its write-ahead log included, to `copy`, which does not exist yet. Whether it is sound
 * is still to be asked (`mustBeSound`).
 * Throws `asset.unreadable`, `asset.corrupt`, `asset.changing` (locked for too long), `disk.full`.
 */
export async function takeSnapshot(file: string, copy: string, clock: Clock): Promise<Snapshot> {
  // Before the transaction begins: what was acknowledged by now is in what it sees.
  const atMs = clock.now();
  return reading(
    file,
    async ({ database, recovered }) => {
      mustHoldSomething(file);
      const journalMode = journalModeOf(database);
      const pageBytes = numberFrom(database, 'pragma page_size');
      const bytes = numberFrom(database, 'pragma page_count') * pageBytes;
      await backup(database, copy, { rate: pagesInOneStep });
      mustBeWhole(copy, bytes, file);
      return { atMs, journalMode, recovered, pageBytes };
    },
    { mayRecover: true },
  );
}

const numberFrom = (database: Parameters<typeof backup>[0], pragma: string): number =>
  Number(Object.values(database.prepare(pragma).get() ?? {})[0]);

/** To SQLite a file cut to nothing is a database without tables; as a point it would push out the good ones. */
export function mustHoldSomething(file: string): void {
  if (statSync(file).size > 0) return;
  throw new LifeboatError('asset.corrupt', `${file} is empty: it was cut to nothing, or nothing was ever written`, {
    where: file,
    hint: 'Restore it, or write to it once, and run again.',
  });
}

/** A copy that was cut short can still be a sound database: an empty one is. */
function mustBeWhole(copy: string, bytes: number, original: string): void {
  const { size } = statSync(copy);
  if (size === bytes) return;
  throw new LifeboatError('asset.changing', `the copy of ${original} has ${size} bytes instead of ${bytes}`, {
    where: original,
    hint: 'Run the backup again.',
  });
}
