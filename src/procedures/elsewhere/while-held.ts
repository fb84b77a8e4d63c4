import { isLifeboatError, limits, toLifeboatError } from '../../core/index.ts';
import type { Finish } from '../records/step-records.ts';
import { mustBeHeldBy } from '../targets/lease/index.ts';
import type { RunnerTools } from '../run-types.ts';
import type { StepPacket } from './packet.ts';

/**
 * Acts while the run holds its targets: when another run took one over, because the runner that asked is dead, this one is stopped, which nobody else
 * would tell it.
 */
export async function whileHeld(
  { packet, tools }: { readonly packet: StepPacket; readonly tools: RunnerTools },
  work: (signal: AbortSignal) => Promise<Finish>,
): Promise<Finish> {
  const { clock, progress } = tools.workspace;
  const over = new AbortController();
  const taken = new AbortController();
  const watching = packet.holds.length === 0 ? undefined : watch();
  try {
    const finish = await work(taken.signal);
    if (!taken.signal.aborted || finish.state === 'done') return finish;
    const { code, message } = toLifeboatError(taken.signal.reason);
    return finish.state === 'needs-human' ? finish : { ...finish, state: 'failed', code, summary: message };
  } finally {
    over.abort();
    await watching;
  }

  async function watch(): Promise<void> {
    while (!over.signal.aborted && !taken.signal.aborted) {
      try {
        await clock.sleep((tools.leaseMs ?? limits.leaseMs) / 6, over.signal);
        await mustBeHeldBy(packet.run, packet.holds, tools.workspace);
      } catch (error) {
        if (isLifeboatError(error, 'run.lease_lost')) taken.abort(error);
        else if (!over.signal.aborted)
          progress.note(`who holds the target cannot be asked: ${toLifeboatError(error).message}`);
      }
    }
  }
}
