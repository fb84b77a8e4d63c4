import { join } from 'node:path';
import { isLifeboatError, limits, silentProgress, toLifeboatError } from '../../core/index.ts';
import { holdLock, type Lock } from '../../journal/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { Lease } from '../../procedures/index.ts';
import { holdSchedule } from './schedule-hold.ts';

export interface RoleRequest {
  readonly workspace: Workspace;
  /** Names this process in what others read of it. */
  readonly id: string;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  /** Another one keeps the schedule, and why that is known; said once for each. */
  standingBy(words: string): void;
}

/** The schedule of a plan is ours: on this machine by a lock, among machines by a hold in every store that can tell. */
export interface Role {
  /** Whether another one had it when we asked first. */
  readonly stoodBy: boolean;
  /** Stores that keep the hold, each a sign of life that is written anew six times in its length; and those that cannot. */
  readonly lease: Lease;
  release(): Promise<void>;
}

/** Waits until the schedule is ours. Undefined: told to stop before. Throws what is no question of turns. */
export async function takeRole(request: RoleRequest): Promise<Role | undefined> {
  const { signal, workspace } = request;
  let stoodBy = false;
  let sawAnother = false;
  const said = new Set<string>();
  // A holder renews its hold under another number: only who it is makes a new sentence.
  const sayOnce = (words: string): void => {
    const sentence = words.replaceAll(/\(process [^)]*\)/g, '');
    if (!said.has(sentence)) request.standingBy(words);
    said.add(sentence);
  };
  while (!signal.aborted) {
    try {
      const { lock, lease } = await tryRole(request, sawAnother, sayOnce);
      return {
        stoodBy,
        lease,
        release: async () => {
          await lease.release();
          lock.release();
        },
      };
    } catch (error) {
      if (signal.aborted) break;
      const isHeld = isLifeboatError(error, 'run.held');
      if (!isHeld && !isLifeboatError(error, 'operation.busy') && !isLifeboatError(error, 'run.unsure')) throw error;
      stoodBy = true;
      sawAnother ||= isHeld;
      sayOnce(toLifeboatError(error).message);
    }
    await workspace.clock.sleep(limits.standbyLookMs, signal).catch(() => {}); // told to stop: the loop ends
  }
  return undefined;
}

async function tryRole(
  { workspace, id, leaseMs, signal }: RoleRequest,
  sawAnother: boolean,
  note: (words: string) => void,
): Promise<{ lock: Lock; lease: Lease }> {
  const lock = holdLock(join(workspace.stateFolder, 'locks', 'serve'), 'serve');
  try {
    const lease = await holdSchedule({
      // Whoever must be outlived is named before that is done.
      workspace: { ...workspace, progress: { ...silentProgress, note } },
      run: id,
      sawAnother,
      lengthMs: leaseMs,
      signal,
    });
    return { lock, lease };
  } catch (error) {
    lock.release();
    throw error;
  }
}
