import { z } from 'zod';
import { isTimeId } from '../../core/index.ts';
import { drillEvidence, drillPage } from '../../reports/index.ts';
import { drillList, evidence, type Evidence } from '../contract/index.ts';
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
      answer: drillList,
    },
    async () => ({
      drills: (await desk.views.readiness.get()).value.drills,
      results: desk.views.drills.list().slice(0, 1_000),
    }),
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
