import { z } from 'zod';
import { LifeboatError } from '../../core/index.ts';
import { run, runList, runQuery, timeId as runId } from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { runOf, summaryOf } from '../views/run-view.ts';
import { actRoutes } from './runs-act.ts';
import { sayRoutes } from './runs-say.ts';
import { startRoutes } from './runs-start.ts';

/** Runs: what they are, how they begin, and what people say and do about them. */
export function runRoutes(desk: Desk): void {
  const { runs } = desk.views;
  define(
    desk,
    {
      method: 'get',
      path: '/runs',
      needs: 'viewer',
      about: 'Runs, newest first',
      query: runQuery,
      answer: runList,
      revision: () => runs.revision(),
    },
    ({ query: { limit, cursor, scenario, mode, verdict } }) => {
      const fitting = runs
        .list()
        .filter(
          (one) =>
            (scenario === undefined || one.scenario === scenario) &&
            (mode === undefined || one.mode === mode) &&
            (verdict === undefined || one.verdict === verdict),
        );
      const begin = cursor === undefined ? 0 : fitting.findIndex((one) => one.run === cursor) + 1;
      if (cursor !== undefined && begin === 0)
        throw new LifeboatError('api.invalid', 'this is no cursor', { where: 'query.cursor' });
      const page = fitting.slice(begin, begin + limit);
      return {
        total: fitting.length,
        runs: page.map((one) => summaryOf(one, runs.drillOf(one.run))),
        next: begin + limit < fitting.length ? (page.at(-1)?.run ?? null) : null,
      };
    },
  );
  define(
    desk,
    {
      method: 'get',
      path: '/runs/{run}',
      needs: 'viewer',
      about: 'One run: its steps and times, now, next and blocked, and what you may do',
      params: z.object({ run: runId }),
      answer: run,
      // One that has not ended counts its seconds.
      revision: ({ params }) =>
        runs.find(params.run)?.verdict === 'done' ? `${runs.revision()} ${desk.host.plan().hash}` : undefined,
    },
    ({ params, caller }) =>
      runOf({
        workspace: desk.here(),
        run: params.run,
        drill: runs.drillOf(params.run),
        runs: runs.list(),
        caller,
        output: (step) => desk.outputs.of(params.run, step),
      }),
  );
  startRoutes(desk);
  sayRoutes(desk);
  actRoutes(desk);
}
