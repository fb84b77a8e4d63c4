import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf, type LifeboatError } from '../../../core/index.ts';
import { historyName } from '../lsn.ts';
import type { PostgresReplay } from '../recovery/replay.ts';

/** How a server comes to open a data directory. */
export interface Recovery {
  /** Its settings for this one start; `recovery.signal` makes it look at them. */
  settings(): Record<string, string>;
  /** When it last asked for log, where it can ask for any. */
  readonly servedMs?: number;
  /** What it could not be given. */
  readonly failure?: LifeboatError | undefined;
}

/**
 * For a point that comes back without more log than it brings along. By itself a server would go on writing on the timeline of its source, where the log of the
 * source says something else for the same places; so it recovers as from an archive, which ends on the next timeline that the archive has no history of.
 * `undefined` for a folder that was opened already.
 */
export async function ownLife(
  path: string,
  facts: Readonly<Record<string, unknown>>,
  taken: readonly number[],
): Promise<Recovery | undefined> {
  const isNew = await isThere(join(path, 'backup_label'));
  return isNew ? { settings: () => endingOnItsOwn(Number(facts['timeline']), taken) } : undefined;
}

/** A replay that ends on none of the timelines that only other stores have: it asks its own log alone for their histories. */
export const lifeBehind = (replay: PostgresReplay, taken: readonly number[]): Recovery => ({
  settings: () => {
    const settings = replay.settings();
    return { ...settings, restore_command: historiesOf(taken, replay.timeline, settings['restore_command']) };
  },
  get servedMs() {
    return replay.servedMs;
  },
  get failure() {
    return replay.failure;
  },
});

/** Settings of a recovery without any archive, which ends on the first timeline behind `own` that is not taken. */
export const endingOnItsOwn = (own: number, taken: readonly number[]): Record<string, string> => ({
  restore_command: historiesOf(taken, own),
  recovery_target_timeline: 'current',
  recovery_target_action: 'promote',
  hot_standby: 'off',
});

/**
 * The server only looks whether a history is there, one number after the other, and reads none of a timeline behind its own; what is before it comes with the
 * point.
 */
function historiesOf(taken: readonly number[], own: number, otherwise = 'false'): string {
  const names: string[] = [];
  for (let timeline = own + 1; taken.includes(timeline); timeline += 1) names.push(historyName(timeline));
  return names.length === 0
    ? otherwise
    : `case "%f" in ${names.join('|')}) echo taken > "%p" ;; *) ${otherwise} ;; esac`;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
