import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in these everywhere, whatever the kernel's own tick is. */
const ticksPerSecond = 100;

/**
 * Resident memory of a process and all below it, in bytes, PostgreSQL servers left out: a restored server is what the tools
 * make, not what they use. Pages that processes share count once for each.
 */
export function residentBytes(root: number): { sum: number; peakOfOne: number } {
  let sum = 0;
  let peakOfOne = 0;
  for (const pid of treeOf(root)) {
    const status = read(`/proc/${pid}/status`);
    if (status === undefined || /^Name:\tpostgres$/m.test(status)) continue;
    sum += kilobytes(status, 'VmRSS') * 1024;
    peakOfOne = Math.max(peakOfOne, kilobytes(status, 'VmHWM') * 1024);
  }
  return { sum, peakOfOne };
}

/** Seconds of processor time that a server and its children have used, those that ended included. */
export function cpuSecondsOf(root: number): number {
  let ticks = 0;
  for (const pid of treeOf(root)) {
    const stat = read(`/proc/${pid}/stat`);
    // The second field is the program's name in brackets and may itself hold brackets and spaces.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    for (const index of [11, 12, 13, 14]) ticks += Number(fields[index] ?? 0);
  }
  return ticks / ticksPerSecond;
}

function treeOf(root: number): number[] {
  const found = [root];
  for (let index = 0; index < found.length; index += 1) found.push(...childrenOf(found[index] as number));
  return found;
}

/** The kernel lists children by the thread that started them. */
function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // It ended since it was listed: it has no children any more.
    return [];
  }
  return threads.flatMap((thread) =>
    (read(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

/** Undefined when the process has ended meanwhile. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

const kilobytes = (status: string, field: string): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
