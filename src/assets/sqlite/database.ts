import { existsSync, realpathSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { limits, sqliteCodeOf } from '../../core/index.ts';
import { sqliteError } from './errors.ts';

export interface Reading {
  readonly database: DatabaseSync;
  /** A crash had left a half transaction that SQLite had to roll back before anybody could read. */
  readonly recovered: boolean;
}

/**
 * Reads a database inside one read transaction, so that all of it is one state, and leaves its folder as it was.
 * Integers arrive as `bigint`: SQLite's do not fit a number. Waits `limits.sqliteBusyMs` for a lock.
 * Throws `asset.unreadable`, `asset.corrupt`, `asset.changing` (locked for too long).
 */
export async function reading<T>(
  file: string,
  read: (reading: Reading) => T | Promise<T>,
  options: { mayRecover?: boolean } = {},
): Promise<T> {
  let hadLog = true;
  try {
    hadLog = existsSync(logOf(file));
    const held = hold(file, options.mayRecover === true);
    try {
      return await read(held);
    } finally {
      // Closing also ends the read transaction.
      held.database.close();
    }
  } catch (error) {
    throw sqliteError(error, file);
  } finally {
    if (!hadLog) tidyUp(file);
  }
}

/**
 * Removes the empty `-wal` and `-shm` that reading a database in WAL mode leaves: a reader may not remove them, whoever may
 * write does when it closes last. SQLite itself decides, so a program that opened the database meanwhile is not disturbed.
 */
export function tidyUp(file: string): void {
  try {
    if (statSync(logOf(file)).size > 0) return;
    const database = new DatabaseSync(file, { timeout: limits.sqliteBusyMs });
    try {
      database.prepare('select count(*) from sqlite_schema').get();
    } finally {
      database.close();
    }
  } catch {
    // No log, no right to write, or somebody holds a lock: an empty log is harmless, and its owner removes it.
  }
}

export const journalModeOf = (database: DatabaseSync): string =>
  String(Object.values(database.prepare('pragma journal_mode').get() ?? {})[0] ?? 'unknown');

function hold(file: string, mayRecover: boolean): Reading {
  try {
    return { database: begin(file, true), recovered: false };
  } catch (error) {
    // 8: read-only, but a half transaction must be rolled back first, as any program that opens the database would.
    if (!mayRecover || sqliteCodeOf(error) !== 8) throw error;
    return { database: begin(file, false), recovered: true };
  }
}

function begin(file: string, readOnly: boolean): DatabaseSync {
  // Read-only: the last writer to close a database in WAL mode checkpoints it, and a backup must not change its source.
  const database = new DatabaseSync(file, {
    readOnly,
    timeout: limits.sqliteBusyMs,
    allowExtension: false,
    readBigInts: true,
  });
  try {
    database.exec('begin');
    // `begin` alone takes nothing: the first read does.
    database.prepare('select count(*) from sqlite_schema').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite keeps the log beside the file that a link leads to. */
const logOf = (file: string): string => `${existsSync(file) ? realpathSync(file) : file}-wal`;
