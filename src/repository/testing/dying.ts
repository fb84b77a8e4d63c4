import { LifeboatError } from '../../core/index.ts';
import type { MemoryStore } from './memory-store.ts';

/** From the n-th call on the store answers nobody: what a process sees that is killed there leaves the store as it is. Returns whether it came so far. */
export async function dyingAt(store: MemoryStore, call: number, work: () => Promise<unknown>): Promise<boolean> {
  let calls = 0;
  store.before = () => {
    calls += 1;
    if (calls >= call) throw new LifeboatError('store.unreachable', 'the process was killed here');
  };
  try {
    await work();
    return calls >= call;
  } catch (error) {
    if (error instanceof LifeboatError && error.code === 'store.unreachable') return true;
    throw error;
  } finally {
    store.before = () => {};
  }
}
