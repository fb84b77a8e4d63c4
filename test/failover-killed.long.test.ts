import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chances } from './postgres-killed/chance.ts';
import { systemClock } from '../src/core/index.ts';
import { seed } from '../src/testing/seed.ts';
import { FailoverScene, noScene } from './support/failover-scene.ts';
import { KilledFailovers, wellDone } from './support/killed-failover.ts';

/** LIFEBOAT_KILL_ROUNDS=10 for fewer random instants, and only each so many-th record. */
const rounds = Number(process.env['LIFEBOAT_KILL_ROUNDS'] ?? '200');
const stride = Math.max(1, Math.round(200 / rounds / 4));

describe.skipIf(noScene !== undefined)(
  `a failover and the way back whose runner is killed -9${noScene ? ` (skipped: ${noScene})` : ''}`,
  () => {
    let failovers: KilledFailovers;
    beforeAll(async () => {
      failovers = await KilledFailovers.make();
    });
    afterAll(() => failovers?.end());

    it('at every record, right before it and right after, goes on to the same end, and nothing happens twice', async () => {
      let deaths = 0;
      for (let call = 1, through = 0; through < 4; call += stride) {
        through = 0;
        for (const when of ['before', 'after'] as const)
          for (const _ of ['there', 'back']) {
            const outcome = await failovers.kill({ at: String(call), when });
            expect(outcome).toEqual(wellDone(outcome));
            if (outcome.killed) deaths += 1;
            else through += 1;
          }
      }
      process.stdout.write(
        `killed at ${deaths} records; people were asked about ${failovers.asked.join(', ') || 'nothing'}\n`,
      );
    });

    it(`at ${rounds} random instants (seed ${seed}) goes on to the same end, and nothing happens twice`, async () => {
      const chance = chances();
      let deaths = 0;
      for (let round = 0; round < rounds; round += 1) {
        const mostMs = failovers.way === 'failover' ? 3000 : 10_000;
        const outcome = await failovers.kill({ afterMs: Math.round(chance() * mostMs) });
        expect(outcome).toEqual(wellDone(outcome));
        if (outcome.killed) deaths += 1;
      }
      process.stdout.write(
        `killed ${deaths} times; people were asked about ${failovers.asked.join(', ') || 'nothing'}\n`,
      );
    });
  },
);

describe.skipIf(noScene !== undefined)(`two machines at one failover${noScene ? ` (skipped: ${noScene})` : ''}`, () => {
  it('the second waits for a sign of the first, then says which run acts, and where', async () => {
    const scene = await FailoverScene.make();
    try {
      await scene.changePlan((plan) => plan.replace('wait: 2s', 'wait: 150s'));
      await scene.sql('west', `insert into orders (id, site) values ('first', 'west')`);
      while ((await scene.orders('east')) === 0) await systemClock.sleep(50);
      await scene.do('kill', 'west');
      const first = scene.start('recover', 'failover', '--yes');
      const said = await new Promise((told) => {
        let text = '';
        first.stderr?.on('data', (piece: Buffer) => (text += piece.toString()).includes('settle:') && told(text));
        first.once('close', () => told(text));
      });
      expect(said).toContain('settle:');
      const second = await scene.run('recover', 'failover', '--yes', '--state', scene.place.path('another-machine'));
      expect(second).toMatchObject({ exitCode: 4, json: { error: { code: 'run.held' } } });
      expect(second.stdout).toMatch(/run [0-9a-z]{26} on .* acts on production/);
      first.kill('SIGKILL');
    } finally {
      await scene.end();
    }
  });
});
