import { systemCalls, type SystemCalls } from '../../core/index.ts';

/** A piece of a big file is less or more than this: freed in the order of their sizes they leave holes that nothing fits into, a tenth of all memory. */
const writingBytes = 2 * 2 ** 20;
/** What the C library comes to by itself: readers use their memory again and again, and fresh memory costs them a quarter more processor time. */
const usualBytes = 32 * 2 ** 20;

let writers = 0;

/** While a writer is at work large blocks go back to the system; returns what ends that. */
export function spareMemory(calls: Pick<SystemCalls, 'mapBlocksFrom'> | undefined = systemCalls()): () => void {
  if (writers === 0) calls?.mapBlocksFrom(writingBytes);
  writers += 1;
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    writers -= 1;
    if (writers === 0) calls?.mapBlocksFrom(usualBytes);
  };
}
