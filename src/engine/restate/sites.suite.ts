import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, systemClock } from '../../core/index.ts';
import { planRollback } from '../../procedures/index.ts';
import { elsewhereBy } from '../index.ts';
import {
  effects,
  newFolder,
  orderOf,
  restateGround,
  site,
  steps,
  until,
  writes,
  type Ground,
} from '../testing/ground.ts';
import type { RestateServer } from '../testing/restate-server.ts';
import { SiteChild } from '../testing/site-child.ts';
import { siteBench, type SiteOptions } from '../testing/site-process.ts';

export function sitesSuite(serverNow: () => RestateServer): void {
  describe('sites', () => {
    const folder = newFolder();
    let ground: Ground;
    let away: SiteChild;
    let awayOptions: SiteOptions;

    beforeAll(async () => {
      const { at, admin } = serverNow();
      awayOptions = { folder: join(folder, 'away'), site: 'away', at, admin, port: await freePort() };
      const started = await Promise.all([restateGround({ at, admin }), SiteChild.start(awayOptions)]);
      [ground, away] = started;
    });
    afterAll(async () => {
      await away?.kill();
      await ground?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('do their own steps only, and the site that leads has the records of the run', async () => {
      const order = orderOf(steps(writes(ground, 'sites-here'), writes(ground, 'sites-there', { site: 'away' })));
      await ground.engine.start(order);
      const result = await ground.engine.result(order);
      expect(result.steps.map(({ state, summary }) => [state, summary])).toEqual([
        ['done', 'wrote sites-here'],
        ['done', 'wrote sites-there'],
      ]);
      expect(effects(ground, 'sites-')).toEqual(['sites-here', 'sites-there']);
      const there = siteBench({ folder: awayOptions.folder });
      try {
        expect(
          there.journal.records({ run: order.run }).map(({ kind, data }) => [kind, data['step'] ?? data['state']]),
        ).toEqual([
          ['site.started', 'sites-there'],
          ['site.finished', 'done'],
        ]);
      } finally {
        there.close();
      }
    });

    it('take back what they did: the undo of a step is done where the step was, also when its worker dies meanwhile', async () => {
      const order = orderOf(steps(writes(ground, 'way-here'), writes(ground, 'way-there', { site: 'away' })));
      await ground.engine.start(order);
      await ground.engine.result(order);
      await away.kill();
      const elsewhere = elsewhereBy({ at: serverNow().at, site, clock: systemClock });
      const { scenario } = planRollback({ ...ground.bench.tools, elsewhere }, order.run);
      const back = orderOf(scenario, { undoes: order.run });
      await ground.engine.start(back);
      away = await SiteChild.start(awayOptions);
      const result = await ground.engine.result(back);
      expect(result.steps.map(({ id, kind, state }) => [id, kind, state])).toEqual([
        ['undo_way-there', 'undo ledger', 'done'],
        ['undo_way-here', 'undo ledger', 'done'],
      ]);
      expect(effects(ground, 'undone-way-')).toEqual(['undone-way-there', 'undone-way-here']);
      const there = siteBench({ folder: awayOptions.folder });
      try {
        const own = there.journal.records({ run: back.run, kinds: ['site.finished'] });
        expect(own.map(({ data }) => [data['state'], data['summary']])).toEqual([['done', 'took back way-there']]);
      } finally {
        there.close();
      }
    });

    it('go on when the server, the leading worker and the one that acts are killed together, and nothing happens twice', async () => {
      const order = orderOf(
        steps(
          writes(ground, 'all-one'),
          writes(ground, 'all-two', { site: 'away', staysMs: 120_000 }),
          writes(ground, 'all-three'),
        ),
      );
      await ground.engine.start(order);
      const result = ground.engine.result(order);
      await until(() => effects(ground, 'all-').length === 2);
      await Promise.all([serverNow().kill(), ground.kill(), away.kill()]);
      await serverNow().start();
      await ground.start();
      // It waits for the site whose worker is away, for another run it does not.
      const other = orderOf(steps(writes(ground, 'other-here')), { environment: 'staging' });
      await ground.engine.start(other);
      expect((await ground.engine.result(other)).verdict).toBe('done');
      expect(effects(ground, 'all-')).toHaveLength(2);
      away = await SiteChild.start(awayOptions);
      expect((await result).verdict).toBe('done');
      expect(effects(ground, 'all-')).toEqual(['all-one', 'all-two', 'all-three']);
    });
  });
}
