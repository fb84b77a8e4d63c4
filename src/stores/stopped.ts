import { LifeboatError } from '../core/index.ts';

/** Throws the signal's reason if it is one of ours, and `operation.cancelled` if it is anything else. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw stopped(signal);
}

/** What an aborted signal means, as our error. */
export function stopped(signal: AbortSignal): LifeboatError {
  if (signal.reason instanceof LifeboatError) return signal.reason;
  return new LifeboatError('operation.cancelled', 'the work on the store was stopped', { cause: signal.reason });
}
