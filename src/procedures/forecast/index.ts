import type { Journal } from '../../journal/index.ts';
import { limits } from '../../core/index.ts';
import type { RunHistory, RunStarted } from '../records/history.ts';
import { showRun } from '../records/show.ts';
import type { RunResult } from '../run-types.ts';
import { isLike, measuredOf, type Measured } from './expected.ts';
import { forecastOf, type Forecast } from './forecast.ts';
import { shutWindowOf } from './window.ts';

export { expectedOf, measuredOf, type Expected, type Measured } from './expected.ts';
export type { Forecast } from './forecast.ts';
export { shutWindowOf } from './window.ts';

/** When a run will be over, as it stands at `nowMs`; undefined: it is over, or only its way back is kept open. */
export function forecastRun(
  history: RunHistory,
  run: RunResult,
  measured: Measured,
  nowMs: number,
): Forecast | undefined {
  const { steps } = history.started.snapshot;
  return forecastOf({ steps, run, measured, nowMs, shut: shutWindowOf(history) });
}

/** What the steps of a run took before, read from the records: of years of runs only those of the same procedure and place are. */
export function measuredIn(journal: Journal, run: RunResult): Measured {
  const like = journal
    .records({ kinds: ['run.started'] })
    .filter(({ run: other = '', data }) => {
      const { environment, ...started } = data as unknown as RunStarted;
      return isLike(run, { ...started, run: other, environment: environment.name });
    })
    .toSorted((one, other) => other.atMs - one.atMs)
    .slice(0, limits.forecastRunsMax);
  return measuredOf(
    run,
    like.map((record) => showRun(journal, record.run ?? '')),
  );
}
