import { readFile, readlink } from 'node:fs/promises';
import { isAlive } from '../../core/index.ts';

/** A process as its session tells of it. */
export interface WritingProcess {
  readonly pid: number;
  /** What tells it from a later one of the same number; empty where the system does not say. */
  readonly processStart: string;
}

export const thisProcess = async (): Promise<WritingProcess> => ({ pid: process.pid, processStart: await ownStart() });

/** Does not change, and is asked for with every session that is met. */
let known: Promise<string> | undefined;
const ownStart = (): Promise<string> => (known ??= processStart(process.pid));

/** Whether a process of this host may still be alive. One of another container cannot be asked about, and may. */
export async function mayLive({ pid, processStart: theirs }: WritingProcess): Promise<boolean> {
  if (isAlive(pid) && theirs === (await (pid === process.pid ? ownStart() : processStart(pid)))) return true;
  return otherContainer(theirs, await ownStart());
}

/** A process number of another container says nothing here. */
const otherContainer = (theirs: string, ours: string): boolean => {
  const [theirBoot, theirSpace] = theirs.split(' ');
  const [ourBoot, ourSpace] = ours.split(' ');
  return theirBoot === ourBoot && theirSpace !== ourSpace;
};

/**
 * Tells a process from a later one of the same number: the boot, the space that process numbers are counted in (a container
 * has its own) and the tick it started at. Empty where the system has no /proc.
 */
async function processStart(pid: number): Promise<string> {
  try {
    const [boot, space, status] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink(`/proc/${pid}/ns/pid`),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    // The program's name, in brackets, may hold spaces; the start is the 22nd field, the 20th after it.
    const started = status.slice(status.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot.trim()} ${space} ${started}`;
  } catch {
    // No /proc (macOS) or the process just ended: then only its number speaks, which errs on the side of waiting.
    return '';
  }
}
