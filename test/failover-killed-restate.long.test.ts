import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noRestate } from '../src/engine/testing/restate-server.ts';
import { seed } from '../src/testing/seed.ts';
import { chances } from './postgres-killed/chance.ts';
import { noScene } from './support/failover-scene.ts';
import { keptByRestate, mortals } from './support/kept-by-restate.ts';
import { KilledFailovers, wellDone } from './support/killed-failover.ts';

/** LIFEBOAT_KILL_ROUNDS=10 for fewer random instants, and only each so many-th record. */
const rounds = Number(process.env['LIFEBOAT_KILL_ROUNDS'] ?? '200');
const stride = Math.max(1, Math.round(200 / rounds / 4));
const left = noScene ?? noRestate;

describe.skipIf(left !== undefined)(
  `a failover and the way back that Restate keeps, with workers at two sites that are killed -9${left ? ` (skipped: ${left})` : ''}`,
  () => {
    let failovers: KilledFailovers;
    beforeAll(async () => {
      failovers = await KilledFailovers.make(keptByRestate);
    });
    afterAll(() => failovers?.end());
    const asked = (): string => failovers.asked.join(', ') || 'nothing';

    it.each(['office', 'east'])(
      'at every record of the worker in %s, right before it and right after, go on to the same end, and nothing happens twice',
      async (of) => {
        let deaths = 0;
        for (let call = 1, through = 0; through < 4; call += stride) {
          through = 0;
          for (const when of ['before', 'after'] as const)
            for (const _ of ['there', 'back']) {
              const outcome = await failovers.kill({ at: String(call), when, of });
              expect(outcome).toEqual(wellDone(outcome));
              if (outcome.killed) deaths += 1;
              else through += 1;
            }
        }
        process.stdout.write(`killed at ${deaths} records of ${of}; people were asked about ${asked()}\n`);
      },
    );

    it(`at ${rounds} random instants, one of the workers, the engine, or all at once (seed ${seed}), go on to the same end, and nothing happens twice`, async () => {
      const chance = chances();
      const deaths = new Map<string, number>();
      for (let round = 0; round < rounds; round += 1) {
        const of = mortals[Math.floor(chance() * mortals.length)] ?? 'all';
        const mostMs = failovers.way === 'failover' ? 6000 : 12_000;
        const outcome = await failovers.kill({ afterMs: Math.round(chance() * mostMs), of });
        expect(outcome).toEqual(wellDone(outcome));
        if (outcome.killed) deaths.set(of, (deaths.get(of) ?? 0) + 1);
      }
      const counts = [...deaths].map(([of, count]) => `${of} ${count} times`).join(', ');
      process.stdout.write(`killed: ${counts}; people were asked about ${asked()}\n`);
    });
  },
);
