import type { ReactNode } from 'react';
import type { Run } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { useRun } from '../../data/queries.ts';
import { clockTime, inLocalTime, seconds, until, wholeSeconds } from '../../data/words.ts';
import { Figure, Waiting } from '../../parts/parts.tsx';
import { elapsedSeconds } from '../runs/clock.tsx';
import { forecastShown } from '../runs/forecast.ts';
import { VerdictWord } from '../runs/words.tsx';

/** The real day, or a drill: the clock against the target, now, next and what is blocked, and how far it is. */
export function UnderWay({ id }: { readonly id: string }): ReactNode {
  const answer = useRun(id);
  const { data: run } = answer;
  if (run === undefined) return <Waiting answer={answer} what="the run" />;
  return (
    <>
      <h1 className="wall-title">
        {run.drill ?? run.scenario} <VerdictWord of={run.verdict} />
      </h1>
      <Clock run={run} />
      <Progress run={run} />
      <Stands run={run} />
    </>
  );
}

function Clock({ run }: { readonly run: Run }): ReactNode {
  const now = useNow();
  // What failed brought nothing back: its clock goes on for those who wait.
  const hasFailed = run.verdict === 'failed';
  const elapsed = hasFailed ? (now - Date.parse(run.incident.impactAt)) / 1000 : elapsedSeconds(run, now);
  const { targetSeconds: target } = run.rto;
  const shown = forecastShown(run, now);
  const isLate = target !== null && elapsed > target;
  return (
    <div className="wall-figures">
      <Figure
        label="Since the impact"
        value={wholeSeconds(elapsed * 1000)}
        tone={target === null ? '' : isLate ? 'bad' : 'good'}
      />
      <Figure label="Target" value={seconds(target, 'none')} />
      {hasFailed ? (
        <Figure
          label="Failed at"
          value={run.finishedAt === null ? 'unknown' : clockTime(Date.parse(run.finishedAt))}
          tone="bad"
        />
      ) : shown === undefined ? null : (
        <Figure
          label={shown.isLeast ? 'Not over before' : 'Over at'}
          value={clockTime(shown.p50Ms)}
          note={shown.p90Ms - shown.p50Ms < 1_000 ? '' : `or ${clockTime(shown.p90Ms)} (P90)`}
          tone={target !== null && elapsed + (shown.p50Ms - now) / 1000 > target ? 'bad' : ''}
        />
      )}
    </div>
  );
}

function Progress({ run: { steps } }: { readonly run: Run }): ReactNode {
  const groups = new Set(steps.map(({ within }) => within));
  const acts = steps.filter(({ id }) => !groups.has(id));
  const over = acts.filter(({ state }) => state === 'done' || state === 'skipped').length;
  return (
    <div className="wall-progress">
      <span className="wall-steps" aria-hidden="true">
        {acts.map(({ id, state }) => (
          <i key={id} className={state} />
        ))}
      </span>
      <span>
        {over} of {acts.length} steps
      </span>
    </div>
  );
}

function Stands({ run }: { readonly run: Run }): ReactNode {
  const now = useNow();
  const [blocked] = run.blocked;
  const shut = run.waitsForWindow;
  return (
    <dl className="wall-stands">
      <dt>Now</dt>
      <dd>{run.now.join(', ') || 'nothing'}</dd>
      <dt>Next</dt>
      <dd>{run.next.slice(0, 3).join(', ') || 'nothing'}</dd>
      {blocked === undefined ? null : (
        <>
          <dt className="warn">Blocked</dt>
          <dd className="warn">
            <span className="strong">{blocked.step}</span>: {inLocalTime(blocked.why)}
          </dd>
        </>
      )}
      {run.verdict !== 'failed' || run.reason === null ? null : (
        <>
          <dt className="bad">Why</dt>
          <dd className="bad">{inLocalTime(run.reason.message)}</dd>
        </>
      )}
      {shut === null ? null : (
        <>
          <dt className="warn">Window</dt>
          <dd className="warn">
            {shut.window} opens {until(shut.opensAt, now)}
          </dd>
        </>
      )}
      {run.runner === 'gone' ? (
        <>
          <dt className="bad">Runner</dt>
          <dd className="bad strong">gone: nobody acts on this run</dd>
        </>
      ) : null}
    </dl>
  );
}
