import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { endOf } from './lifeboat.ts';

const program = fileURLToPath(new URL('../../bin/lifeboat', import.meta.url));
/** A peak never goes down: only what a program takes in its last moments is missed. */
const lookMs = 10;

export const whyNoPeaks: string | undefined = existsSync('/proc/self/status')
  ? undefined
  : 'this system does not tell the peak memory of a process';

/** Runs the program as people start it; returns the most memory that it held at once, in MiB. Throws what it said when it failed. */
export async function peakOf(folder: string, ...words: string[]): Promise<number> {
  const child = spawn(program, [...words, '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let peak = 0;
  const looking = setInterval(() => (peak = Math.max(peak, peakNow(child.pid as number))), lookMs);
  try {
    const { exitCode, stdout, stderr } = await endOf(child);
    if (exitCode !== 0) throw new Error(`lifeboat ${words.join(' ')}: ${stdout}${stderr}`);
    return peak;
  } finally {
    clearInterval(looking);
  }
}

function peakNow(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has just ended
  }
}
