import { systemClock, type Clock } from '../../core/index.ts';

/** A clock on which everything waits so many times shorter, and as much more time seems to pass: for tests that would only wait. */
export function fastClock(times: number): Clock {
  const startMs = systemClock.now();
  const startElapsedMs = systemClock.elapsed();
  const passedMs = (): number => (systemClock.elapsed() - startElapsedMs) * times;
  return {
    now: () => Math.floor(startMs + passedMs()),
    elapsed: passedMs,
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}
