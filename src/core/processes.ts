import { readdir, readFile, readlink } from 'node:fs/promises';
import { systemCodeOf } from './errors.ts';
import { endGroup } from './process.ts';

const markName = 'LIFEBOAT_STEP';

/** Marks a program and all it starts as the work of one step of one run (`RUN/STEP`), so that it is found after a crash. */
export const stepMark = (key: string): Record<string, string> => ({ [markName]: key });

/** A running program, as far as the system lets us see it. */
export interface SeenProcess {
  readonly pid: number;
  /** The name of its program, at most 15 letters of it. */
  readonly program: string;
  readonly parent: number;
  readonly group: number;
  /** Somebody sits before it: it has a terminal. */
  readonly terminal: boolean;
  /** `RUN/STEP`, if a step started it. */
  readonly mark: string | undefined;
  readonly folder: string | undefined;
}

/**
 * Ends the groups of all running programs that fit and confirms their end; how many groups that were. Undefined where running
 * programs cannot be looked at (no /proc). Never ends our own group. Throws `process.unstoppable`.
 */
export async function endProcesses(fits: (seen: SeenProcess) => boolean): Promise<number | undefined> {
  const seen = await seeProcesses();
  if (seen === undefined) return undefined;
  const own = seen.find(({ pid }) => pid === process.pid)?.group;
  const groups = new Set(seen.filter((one) => one.group !== own && fits(one)).map(({ group }) => group));
  for (const group of groups) await endGroup(group);
  return groups.size;
}

/** Running programs that fit; undefined where they cannot be looked at. */
export const findProcesses = async (fits: (seen: SeenProcess) => boolean): Promise<SeenProcess[] | undefined> =>
  (await seeProcesses())?.filter(fits);

async function seeProcesses(): Promise<SeenProcess[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  return (await Promise.all(pids.map(see))).filter((seen) => seen !== undefined);
}

async function see(pid: string): Promise<SeenProcess | undefined> {
  const text = await ifThere(readFile(`/proc/${pid}/stat`, 'latin1'));
  // The second field is the program's name in brackets and may hold anything: state, parent, group, session, terminal follow it.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z') return undefined;
  const environment = await ifThere(readFile(`/proc/${pid}/environ`, 'latin1'));
  const mark = environment?.split('\0').find((entry) => entry.startsWith(`${markName}=`));
  return {
    pid: Number(pid),
    program: text?.slice(text.indexOf('(') + 1, text.lastIndexOf(')')) ?? '',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    terminal: fields[4] !== '0',
    mark: mark?.slice(markName.length + 1),
    folder: await ifThere(readlink(`/proc/${pid}/cwd`)),
  };
}

async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    // It ended meanwhile, or belongs to somebody else and so was not started by us.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}
