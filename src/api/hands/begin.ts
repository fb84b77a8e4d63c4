import { limits } from '../../core/index.ts';
import type { Operation } from '../contract/index.ts';
import type { Desk } from '../desk.ts';
import type { OperationHands, OperationWish } from './operations.ts';

/**
 * Begins work that writes a record when it really begins, and answers then: what keeps it from beginning is thrown to who asked, and not only
 * told later. `kinds` of records of the run, newer than all there are now.
 */
export async function begin(
  desk: Desk,
  wish: OperationWish & { readonly run: string },
  kinds: readonly string[],
  work: (hands: OperationHands) => Promise<string>,
): Promise<Operation> {
  const { journal, operations, host } = desk;
  const after = journal.last();
  const state: { ended: boolean; failure: unknown } = { ended: false, failure: undefined };
  const operation = operations.start(wish, async (hands) => {
    try {
      return await work(hands);
    } catch (error) {
      state.failure = error;
      throw error;
    } finally {
      state.ended = true;
    }
  });
  const hasBegun = (): boolean => journal.records({ run: wish.run, kinds, after }).length > 0;
  while (!state.ended && !hasBegun()) await host.clock.sleep(limits.engineKeptMs);
  if (state.failure !== undefined && !hasBegun()) throw state.failure;
  return operation;
}
