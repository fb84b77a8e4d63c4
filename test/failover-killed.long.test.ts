import { afterAll, beforeAll, describe, it } from 'vitest';
import { chances } from './postgres-killed/chance.ts';
import { seed } from '../src/testing/seed.ts';
import { noScene } from './support/failover-scene.ts';
import { FailoverSweeps, rounds } from './support/failover-sweeps.ts';

describe.skipIf(noScene !== undefined)(
  `a failover and the way back whose runner is killed -9${noScene ? ` (skipped: ${noScene})` : ''}`,
  () => {
    let sweeps: FailoverSweeps;
    beforeAll(async () => {
      sweeps = await FailoverSweeps.make();
    }, 300_000);
    afterAll(() => sweeps?.end());

    it('at every record, right before it and right after, goes on to the same end, and nothing happens twice', () =>
      sweeps.atEveryRecord());

    it(`at ${rounds} random instants (seed ${seed}) goes on to the same end, and nothing happens twice`, () =>
      sweeps.atInstants(chances()));
  },
);
