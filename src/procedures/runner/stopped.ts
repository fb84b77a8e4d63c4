import { isLifeboatError } from '../../core/index.ts';
import type { ActiveRun } from './active-run.ts';

/** A run that is stopped because another runner may act waits for a person; any other signal is a request to end it. */
export function stopBySignal(active: ActiveRun): void {
  const { reason } = active.signal;
  if (!isLifeboatError(reason, 'run.lease_lost')) {
    active.stopped ??= 'cancelled';
    return;
  }
  active.stopped ??= 'needs-human';
  active.reason ??= reason;
}

/** Undefined when the run was told to stop meanwhile: that is an end of it, which is written down like any other. */
export async function unlessStopped<T>(active: ActiveRun, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!active.signal.aborted || !isOfSignal(active.signal, error)) throw error;
    stopBySignal(active);
    return undefined;
  }
}

const isOfSignal = (signal: AbortSignal, error: unknown): boolean =>
  error === signal.reason || isLifeboatError(error, 'operation.cancelled') || isLifeboatError(error, 'run.lease_lost');
