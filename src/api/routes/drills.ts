import { z } from 'zod';
import { isTimeId, LifeboatError } from '../../core/index.ts';
import { drillEvidence, drillPage } from '../../reports/index.ts';
import { drillList, drillQuery, evidence, type Evidence } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { mustBe } from '../security/caller.ts';
import { reportPolicy } from '../security/headers.ts';

export function drillRoutes(desk: Desk): void {
  define(
    desk,
    {
      method: 'get',
      path: '/drills',
      needs: 'viewer',
      about: 'Drills of the plan, and how they ended',
      query: drillQuery,
      answer: drillList,
      revision: async () => `${(await desk.views.readiness.get()).revision} ${desk.views.drills.list().length}`,
    },
    async ({ query: { limit, cursor } }) => {
      const results = desk.views.drills.list();
      const begin = cursor === undefined ? 0 : results.findIndex(({ run }) => run === cursor) + 1;
      if (cursor !== undefined && begin === 0)
        throw new LifeboatError('api.invalid', 'this is no cursor', { where: 'query.cursor' });
      const page = results.slice(begin, begin + limit);
      return {
        drills: (await desk.views.readiness.get()).value.drills,
        total: results.length,
        results: page,
        next: begin + limit < results.length ? (page.at(-1)?.run ?? null) : null,
      };
    },
  );
  define(
    desk,
    {
      method: 'get',
      path: '/drills/{run}/report',
      needs: 'viewer',
      about: 'Evidence of a drill: made from the journal, one document that stands for itself',
      params: z.object({ run: z.string().max(64) }),
      answer: evidence,
    },
    ({ params: { run } }) => plain(drillEvidence(desk.journal.records({ run }))),
  );
  desk.app.get('/drills/:run/report.html', (asking) => {
    mustBe(asking.get('caller'), 'viewer');
    const run = asking.req.param('run');
    const page = drillPage(drillEvidence(isTimeId(run) ? desk.journal.records({ run }) : []));
    asking.header('content-security-policy', reportPolicy);
    asking.header('x-frame-options', 'SAMEORIGIN');
    return asking.html(page);
  });
}

/** As JSON has it: what is not known is not there. */
const plain = (made: object): Evidence => JSON.parse(JSON.stringify(made)) as Evidence;
