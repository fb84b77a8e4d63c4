// What a built program has beside its files: that it is whole, and who runs from it. Read at every start, so it costs next to nothing.
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** The last file of a program that is on the disk. */
export const wholeName = 'whole';

const usersName = 'users';

export const isWhole = (program) => existsSync(join(program, wholeName));

/** Whoever may start the program says here that it runs, another user than the one who built it too. */
export function makeRoomForUsers(program) {
  const folder = join(program, usersName);
  mkdirSync(folder);
  chmodSync(folder, 0o1777);
}

/** The process runs from this program until it ends: what it loads later must be there. A folder that cannot be written is no reason not to start. */
export function useProgram(program) {
  const file = join(program, usersName, String(process.pid));
  try {
    writeFileSync(file, '');
  } catch {
    return; // read-only: who cannot write there cannot be followed by a build either, or loses what only an hour protects
  }
  process.on('exit', () => {
    try {
      unlinkSync(file);
    } catch {
      // Gone with the program, or not ours: the next build asks whether the process lives.
    }
  });
}

/** Removes a program that no living process says to run from, and an unfinished one. */
export function removeIfUnused(program) {
  if (usersOf(program).some(isAlive)) return;
  try {
    rmSync(program, { recursive: true, force: true });
  } catch (error) {
    // Another set-up removes it this moment.
    if (!['ENOENT', 'ENOTEMPTY'].includes(error.code)) throw error;
  }
}

/** Files and folder are on the disk when this returns. */
export function makeDurable(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile()) flush(join(folder, entry.name));
  }
  flush(folder);
}

function flush(path) {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function usersOf(program) {
  try {
    return readdirSync(join(program, usersName)).map(Number);
  } catch (error) {
    // Of an earlier form, or half of one.
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
