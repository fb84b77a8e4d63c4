import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isLifeboatError, isoTime, LifeboatError, messageOf, sqliteCodeOf, systemClock } from '../core/index.ts';
import { inWordsOf, type Subject } from './sqlite-words.ts';

export interface Lock {
  release(): void;
}

/** Locks that are held: a connection that nobody refers to would be collected, and its lock with it. */
const held = new Set<DatabaseSync>();

/** How long one try waits for those that only look, which takes them no time; and how often it tries, should one be stopped in the middle. */
const lookersMs = 50;
const triesMax = 40;

/**
 * Holds a lock among the processes of this machine until it is released or the process ends, however it ends: the lock is
 * SQLite's own on `<file>.lock`, which the kernel drops with the process, so it can never be left behind.
 * `who` tells others what holds it. Throws `operation.busy` naming the holder, at once; `disk.*`, and `input.file` if no lock can be made.
 * Of several that ask at once one has it; those that only look (`isLockHeld`) are in nobody's way.
 */
export function holdLock(file: string, who: string): Lock {
  const database = lockedDatabase(file, who);
  held.add(database);
  noteHolder(file, who);
  return {
    release: () => {
      if (!held.delete(database)) return;
      try {
        rmSync(`${file}.holder`, { force: true });
      } catch {
        // Safe: it is only a text for people, and without a lock nobody reads it.
      } finally {
        database.close();
      }
    },
  };
}

/** Whether somebody holds it. Takes nothing, so that whoever wants it in the same moment has it. Throws `disk.*`, `input.file`. */
export function isLockHeld(file: string): boolean {
  let database: DatabaseSync | undefined;
  try {
    const found = statSync(`${file}.lock`, { throwIfNoEntry: false });
    if (found === undefined) return false;
    if (!found.isFile()) throw new Error('something else than a file stands there');
    database = new DatabaseSync(`${file}.lock`, { timeout: 0, readOnly: true });
    database.prepare('select count(*) from sqlite_schema').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw unusable(file, error);
  } finally {
    database?.close();
  }
}

function lockedDatabase(file: string, who: string): DatabaseSync {
  for (let tries = 1; ; tries += 1) {
    try {
      return tryLock(file, tries === 1 ? 0 : lookersMs);
    } catch (error) {
      if (!isBusy(error)) throw unusable(file, error);
      // Nobody holds it: somebody looked, or several asked at once and none of them got it.
      if (tries === triesMax || isLockHeld(file)) throw busy(file, who, error);
    }
  }
}

function tryLock(file: string, timeoutMs: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(`${file}.lock`, { timeout: timeoutMs });
    database.exec('pragma journal_mode = delete; begin exclusive');
    return database;
  } catch (error) {
    database?.close();
    throw error;
  }
}

function noteHolder(file: string, who: string): void {
  try {
    writeFileSync(`${file}.holder`, `${who}, process ${process.pid}, since ${isoTime(systemClock.now())}`);
  } catch {
    // Safe: the lock is held, and a full disk must not keep anybody from a restore; others only miss the name.
  }
}

/** SQLite's result codes 5 (busy) and 6 (locked). */
const isBusy = (error: unknown): boolean => [5, 6].includes(sqliteCodeOf(error) ?? 0);

const subject: Subject = { name: 'lock', busy: 'operation.busy', damaged: 'input.file' };

const busy = (file: string, who: string, cause: unknown): LifeboatError =>
  new LifeboatError('operation.busy', `${who} is already under way: ${holderOf(file)}`, {
    where: `${file}.lock`,
    hint: 'Wait for it, or end that process; the lock goes with it.',
    cause,
  });

/** A disk that is full or fails is called so; anything else is about the file. */
function unusable(file: string, cause: unknown): LifeboatError {
  const error = inWordsOf(cause, `${file}.lock`, subject);
  if (!isLifeboatError(error, 'internal')) return error;
  return new LifeboatError('input.file', `the lock ${file}.lock cannot be used: ${messageOf(cause)}`, { cause });
}

/** Who holds it, since when. Only for a message: the name may be a moment old, the lock itself is what counts. */
export function holderOf(file: string): string {
  const unnamed = 'another process holds it';
  try {
    return readFileSync(`${file}.holder`, 'utf8') || unnamed;
  } catch {
    return unnamed;
  }
}
