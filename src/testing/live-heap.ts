import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (how?: { type: 'minor' }) => void;

/** What is alive in V8's heap, without bytes that lie beside it. */
export function liveHeapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** What is in V8's heap when the collector has been through the new objects alone, as it mostly is: what they left to its full round counts. */
export function heapBytesAfterYoung(): number {
  collect({ type: 'minor' });
  collect({ type: 'minor' });
  return process.memoryUsage().heapUsed;
}
