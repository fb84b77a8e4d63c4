import { setFlagsFromString } from 'node:v8';
import { systemCalls, type SystemCalls } from '../../core/index.ts';

/** A piece of a big file is less or more than this: freed in the order of their sizes they leave holes that nothing fits into, a tenth of all memory. */
const writingBytes = 2 * 2 ** 20;
/** What the C library comes to by itself: readers use their memory again and again, and fresh memory costs them a quarter more processor time. */
const usualBytes = 32 * 2 ** 20;

let writers = 0;

/** While a writer is at work large blocks go back to the system, and V8's heap stays small; returns what ends that, as far as it must end. */
export function spareMemory(calls: Pick<SystemCalls, 'mapBlocksFrom'> | undefined = systemCalls()): () => void {
  if (writers === 0) {
    calls?.mapBlocksFrom(writingBytes);
    // Objects are made among the old ones where others of their place in the program once lived long, also when they are garbage at once: behind a walk
    // over many files a heap of 45 MB becomes one of 120. Said on the command line it would have each start compile everything anew.
    setFlagsFromString('--no-allocation-site-pretenuring');
  }
  writers += 1;
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    writers -= 1;
    if (writers === 0) calls?.mapBlocksFrom(usualBytes);
  };
}
