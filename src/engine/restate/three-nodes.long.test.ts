import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { effects, newFolder, orderOf, restateGround, steps, until, writes } from '../testing/ground.ts';
import { noRestate, RestateServer } from '../testing/restate-server.ts';

it.skipIf(noRestate !== undefined).each([1, 2, 3])(
  `of three nodes number %i is killed together with the worker that acts: the run goes on, and nothing happens twice${noRestate === undefined ? '' : ` (${noRestate})`}`,
  async (number) => {
    const folder = newFolder();
    const nodes = await RestateServer.startThree(folder);
    const together = (pick: (node: RestateServer) => string): string => nodes.map(pick).join(',');
    const ground = await restateGround({ at: together(({ at }) => at), admin: together(({ admin }) => admin) });
    try {
      const order = orderOf(
        steps(
          writes(ground, 'node-one'),
          writes(ground, 'node-two', { takesMs: 500, staysMs: 500 }),
          writes(ground, 'node-three'),
        ),
      );
      await ground.engine.start(order);
      const result = ground.engine.result(order);
      await until(() => effects(ground, 'node-').length === 2);
      await Promise.all([nodes[number - 1]?.kill(), ground.kill()]);
      const beganMs = systemClock.elapsed();
      await ground.start();
      expect((await result).verdict).toBe('done');
      console.info(
        `node ${number}: resumed and ended ${((systemClock.elapsed() - beganMs) / 1000).toFixed(1)} s later`,
      );
      expect(effects(ground, 'node-')).toEqual(['node-one', 'node-two', 'node-three']);
    } finally {
      await ground.close();
      await Promise.all(nodes.map((node) => node.kill()));
      rmSync(join(folder), { recursive: true, force: true });
    }
  },
  300_000,
);
