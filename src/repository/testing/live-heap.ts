import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is alive in V8's heap, without bytes that lie beside it. */
export function liveHeapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
