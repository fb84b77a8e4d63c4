import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.ts';
import { seed } from '../testing/seed.ts';
import { embeddedGround, newFolder, restateGround, type Ground } from './testing/ground.ts';
import { noRestate, RestateServer } from './testing/restate-server.ts';
import { sweep, sweptEffects } from './testing/sweep.ts';

const instants = 200;

describe('a run whose process is killed, with the embedded engine', () => {
  killed(embeddedGround);
});

describe.skipIf(noRestate !== undefined)(
  `a run whose process is killed, with Restate${noRestate === undefined ? '' : `: ${noRestate}`}`,
  () => {
    const folder = newFolder();
    let server: RestateServer | undefined;
    afterAll(async () => {
      await server?.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    killed(async () => {
      server ??= await RestateServer.start(folder);
      return restateGround(server);
    });
  },
);

function killed(make: () => Promise<Ground>): void {
  it('at every record, before and after it, goes on to its end with each effect once', async () => {
    const ground = await make();
    try {
      let call = 1;
      for (let died = true; died; call += 1) {
        died = false;
        for (const when of ['before', 'after'] as const) {
          const swept = await sweep(ground, `${when}${call}`, { deadly: { call, when } });
          expect({ call, when, ...swept, effects: swept.effects.toSorted() }).toMatchObject({
            verdict: 'done',
            effects: sweptEffects.toSorted(),
          });
          died ||= swept.died;
        }
      }
      expect(call).toBeGreaterThan(15);
      ground.bench.journal.verify();
      console.info(`killed at ${call - 2} records, before and after each`);
    } finally {
      await ground.close();
    }
  });

  it(`at ${instants} random instants, goes on to its end with each effect once`, async () => {
    const ground = await make();
    const random = chances(seed);
    let deaths = 0;
    try {
      for (let turn = 0; turn < instants; turn += 1) {
        const afterMs = random() * 600;
        const swept = await sweep(ground, `turn${turn}`, {}, async (child) => {
          await systemClock.sleep(afterMs);
          await child.kill();
        });
        deaths += swept.died ? 1 : 0;
        expect({ seed, turn, afterMs, ...swept, effects: swept.effects.toSorted() }).toMatchObject({
          verdict: 'done',
          effects: sweptEffects.toSorted(),
        });
      }
      ground.bench.journal.verify();
      console.info(`killed ${deaths} times at random instants, seed ${seed}`);
    } finally {
      await ground.close();
    }
  });
}

/** Numbers between 0 and 1 that a seed decides. */
function chances(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
