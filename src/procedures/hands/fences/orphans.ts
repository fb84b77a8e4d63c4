import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { endGroup, findProcesses, limits, systemCodeOf, type SeenProcess } from '../../../core/index.ts';

/**
 * What a server left behind when it was killed. A PostgreSQL whose first process died goes on in those that are in the middle of something:
 * they write, and confirm, until they want the next word of their client. `pidFile` is its postmaster.pid; any other file has none.
 */
export async function orphansOf(pidFile: string): Promise<number[]> {
  if (basename(pidFile) !== 'postmaster.pid') return [];
  const folder = await realpath(dirname(pidFile)).catch(() => dirname(pidFile)); // it is gone, and its name is all there is
  const all = (await findProcesses(({ program }) => program === 'postgres')) ?? [];
  const servers = new Set(all.map(({ pid }) => pid));
  // The folder of somebody else's process cannot be seen: one without a parent may be ours, and unknown is no proof.
  const may = (one: SeenProcess): boolean =>
    !servers.has(one.parent) && (one.folder === undefined || one.folder === folder);
  const orphans = await Promise.all(all.filter(may).map(async ({ pid }) => ((await isChild(pid)) ? [pid] : [])));
  return orphans.flat();
}

/** Nothing is left to tell them: each leads a group of its own, and has nobody who would restart it. */
export async function endOrphans(pids: readonly number[]): Promise<void> {
  await Promise.all(pids.map((pid) => endGroup(pid, limits.processGraceMs, 'SIGQUIT')));
}

/** The first process bears the words it was started with; its children write what they do over theirs. */
async function isChild(pid: number): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'latin1')).startsWith('postgres: ');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ESRCH') return false; // it ended meanwhile
    throw error;
  }
}
