import { afterAll, beforeAll, describe, it } from 'vitest';
import { noRestate } from '../src/engine/testing/restate-server.ts';
import { seed } from '../src/testing/seed.ts';
import { chances } from './postgres-killed/chance.ts';
import { noScene } from './support/failover-scene.ts';
import { FailoverSweeps, rounds } from './support/failover-sweeps.ts';
import { keptByRestate, mortals } from './support/kept-by-restate.ts';

const left = noScene ?? noRestate;

describe.skipIf(left !== undefined)(
  `a failover and the way back that Restate keeps, with workers at two sites that are killed -9${left ? ` (skipped: ${left})` : ''}`,
  () => {
    let sweeps: FailoverSweeps;
    beforeAll(async () => {
      sweeps = await FailoverSweeps.make(keptByRestate);
    }, 300_000);
    afterAll(() => sweeps?.end());

    it.each(['office', 'east'])(
      'at every record of the worker in %s, right before it and right after, go on to the same end, and nothing happens twice',
      (of) => sweeps.atEveryRecord(of),
    );

    it(`at ${rounds} random instants, one of the workers, the engine, or all at once (seed ${seed}), go on to the same end, and nothing happens twice`, () =>
      sweeps.atInstants(chances(), mortals));
  },
);
