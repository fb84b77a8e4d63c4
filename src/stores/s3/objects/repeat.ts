import { limits, toLifeboatError, type Clock } from '../../../core/index.ts';

/** One part of an operation, tried a few times: what broke in one of many must not cost the others. */
export async function repeatPart<T>(clock: Clock, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (toLifeboatError(error).retry !== 'later' || attempt >= limits.storePartAttemptsMax) throw error;
      await clock.sleep(limits.storeRetryMs * 2 ** (attempt - 1), signal);
    }
  }
}

/** All of the work, so many at once; the first failure ends the rest and is thrown once nothing runs any more. */
export async function atOnce(works: readonly (() => Promise<void>)[], most: number): Promise<void> {
  const queue = works.values();
  const failures: unknown[] = [];
  const line = async (): Promise<void> => {
    // One iterator for all lines: each takes the next of what is left.
    for (const work of queue) {
      if (failures.length > 0) return;
      try {
        await work();
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, works.length) }, line));
  if (failures.length > 0) throw failures[0];
}
