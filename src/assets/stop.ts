import { LifeboatError } from '../core/index.ts';

/** Throws `operation.cancelled` once people asked to stop; called between two pieces of work. */
export function stopIfAsked(signal: AbortSignal | undefined, work: string): void {
  if (signal?.aborted === true) {
    throw new LifeboatError('operation.cancelled', `${work} was stopped on request`, { cause: signal.reason });
  }
}
