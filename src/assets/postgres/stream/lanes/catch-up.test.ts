import { expect, it } from 'vitest';
import type { LogTarget, UnlinkedLog } from '../../../log.ts';
import { CatchUp, type Ahead, type CatchUpGround } from './catch-up.ts';

it('a store that comes back asks for the point that it lacks, also while no other one has any: who takes it would wait for longer', async () => {
  const asked: UnlinkedLog[] = [];
  const arrived = Promise.withResolvers<void>();
  const ground = {
    way: { timeline: 1, forks: [] },
    segmentBytes: 2 ** 20,
    options: { bases: async () => [], needsBase: (one: UnlinkedLog) => void asked.push(one) },
  } as unknown as CatchUpGround;
  const log = { list: async () => ({ pieces: [], histories: [], clocks: [], endings: [] }) };
  const ahead: Ahead = {
    failure: undefined,
    fallback: { timeline: 1, position: 100n },
    timeline: 1,
    oldest: () => 0n,
    arrived: () => arrived.resolve(),
    durable: () => {},
    failed: arrived.reject,
  };
  const catchUp = new CatchUp(ground, { store: 'near', log, everyMs: 0 } as unknown as LogTarget, ahead);
  catchUp.begin();
  await arrived.promise;
  await catchUp.end();
  const reason = 'no recovery point that leads to the log is in near yet';
  expect(asked).toEqual([{ store: 'near', reason, isWhole: true, isLedToBy: expect.any(Function) }]);
});
