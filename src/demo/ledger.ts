import { readFile } from 'node:fs/promises';
import { systemCodeOf } from '../core/index.ts';

/** One write that was acknowledged: a commit that returned, a file that was renamed into place. */
export interface Acknowledged {
  readonly sequence: number;
  /** When it was acknowledged, milliseconds since 1970. */
  readonly atMs: number;
  /** What proves its content: an amount, a price, a SHA-256. */
  readonly content: string;
}

/** The writer's own account of what was acknowledged, kept away from what it writes to. A torn last line was never acknowledged. */
export async function readLedger(file: string): Promise<Acknowledged[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return ''; // nothing was acknowledged yet
    throw error;
  });
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Acknowledged);
}

export interface Comparison {
  /** Acknowledged before the disaster. */
  readonly written: number;
  /** Of those, how many came back with the right content. */
  readonly restored: number;
  /** Of those, how many did not come back. */
  readonly lost: number;
  /** Came back, but not as they were acknowledged. */
  readonly wrong: number;
  /**
   * From the last acknowledged write before the first lost one to the impact; 0 if none was lost.
   * With nothing restored at all it is counted from the first write.
   */
  readonly rpoSeconds: number;
}

/** Holds what came back against what was acknowledged up to the impact. */
export function compare(
  acknowledged: readonly Acknowledged[],
  restored: ReadonlyMap<number, string>,
  impactMs: number,
): Comparison {
  const written = acknowledged.filter(({ atMs }) => atMs <= impactMs);
  const back = written.filter(({ sequence }) => restored.has(sequence));
  const wrong = back.filter(({ sequence, content }) => restored.get(sequence) !== content).length;
  const lost = written.length - back.length;
  // Writes come in order: from the last one before the first gap on, nothing is sure any more, whatever came back behind the gap.
  const firstLost = written.findIndex(({ sequence }) => !restored.has(sequence));
  const safeUntilMs = written[Math.max(0, firstLost - 1)]?.atMs ?? impactMs;
  return {
    written: written.length,
    restored: back.length - wrong,
    lost,
    wrong,
    rpoSeconds: lost === 0 ? 0 : (impactMs - safeUntilMs) / 1000,
  };
}
