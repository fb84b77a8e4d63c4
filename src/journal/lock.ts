import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isoTime, LifeboatError, messageOf, systemClock } from '../core/index.ts';

export interface Lock {
  release(): void;
}

/**
 * Holds a lock among the processes of this machine until it is released or the process ends, however it ends: the lock is
 * SQLite's own on `<file>.lock`, which the kernel drops with the process, so it can never be left behind.
 * `who` tells others what holds it. Throws `operation.busy` naming the holder, at once.
 */
export function holdLock(file: string, who: string): Lock {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    database.exec('pragma journal_mode = delete; begin exclusive');
  } catch (error) {
    database.close();
    throw busy(file, who, error);
  }
  writeFileSync(`${file}.holder`, `${who}, process ${process.pid}, since ${isoTime(systemClock.now())}`);
  let held = true;
  return {
    release: () => {
      if (!held) return;
      held = false;
      rmSync(`${file}.holder`, { force: true });
      database.close();
    },
  };
}

function busy(file: string, who: string, error: unknown): LifeboatError {
  const code =
    typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  if (code !== 5 && code !== 6) {
    return new LifeboatError('input.file', `the lock ${file}.lock cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return new LifeboatError('operation.busy', `${who} is already under way: ${holderOf(file)}`, {
    where: `${file}.lock`,
    hint: 'Wait for it, or end that process; the lock goes with it.',
    cause: error,
  });
}

/** Only for the message: the name may be a moment old, the lock itself is what counts. */
function holderOf(file: string): string {
  try {
    return readFileSync(`${file}.holder`, 'utf8');
  } catch {
    return 'another process holds it';
  }
}
