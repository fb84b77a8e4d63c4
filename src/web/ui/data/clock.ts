import { useEffect, useState } from 'react';

/** Less than this is the way of an answer, and no wrong clock. */
const skewMinMs = 2_000;
let skewMs = 0;

/** The one place of the interface that asks for the time, as the server has it: milliseconds since 1970. */
export const nowMs = (): number => Date.now() + skewMs;

/** What the clock of the server says now: ages and clocks that count are right on a phone whose own is not. */
export function serverSays(ms: number): void {
  const apart = ms - Date.now();
  skewMs = Math.abs(apart) < skewMinMs ? 0 : apart;
}

/** Calls after a time; returns what takes it back. */
export function after(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

/** The time, told anew so often. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(nowMs);
  useEffect(() => {
    const timer = setInterval(() => setNow(nowMs()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
