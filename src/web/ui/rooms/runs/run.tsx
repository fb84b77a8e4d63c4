import { useState, type ReactNode } from 'react';
import type { Run } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { useRun } from '../../data/queries.ts';
import { isOpen } from '../../data/under-way.ts';
import { dayAndTime, inLocalTime, until } from '../../data/words.ts';
import { Link } from '../../frame/route.tsx';
import { RoomHead, Sheet, Trouble, Waiting } from '../../parts/parts.tsx';
import { Acts } from './acts.tsx';
import { ClockBlock } from './clock.tsx';
import { Gantt } from './gantt.tsx';
import { Questions } from './questions.tsx';
import { Restored } from './restored.tsx';
import { StepDetail } from './step.tsx';
import { VerdictWord } from './words.tsx';
import './runs.css';

/** One run, as the people of the real day need it: the clock, now, next and what is blocked, the questions, the steps in time. */
export default function RunRoom({ id }: { readonly id: string }): ReactNode {
  const answer = useRun(id);
  const { data } = answer;
  if (data === undefined)
    return (
      <>
        <RoomHead title="Run" />
        <Waiting answer={answer} what="the run" />
      </>
    );
  return (
    <>
      <RoomHead title={data.drill ?? data.scenario}>
        <span className="row">
          <span className={`tag ${data.mode}`}>{data.mode === 'real' ? 'REAL' : 'drill'}</span>
          <VerdictWord of={data.verdict} />
        </span>
      </RoomHead>
      <div className="stack">
        <Questions run={data} />
        <ClockBlock run={data} />
        <NowNextBlocked run={data} />
        <Reason run={data} />
        <Steps run={data} />
        <Restored run={data} />
        <About run={data} />
      </div>
    </>
  );
}

/** Exactly one line each. */
function NowNextBlocked({ run }: { readonly run: Run }): ReactNode {
  const now = useNow();
  if (!isOpen(run.verdict)) return <Over run={run} />;
  const [blocked] = run.blocked;
  const { waitsForWindow: shut } = run;
  const titleOf = (id: string): string => run.steps.find((step) => step.id === id)?.title ?? id;
  const list = (ids: readonly string[]): ReactNode =>
    ids.length === 0 ? (
      <span className="soft">nothing</span>
    ) : (
      ids.map((id, at) => (
        <span key={id}>
          {at > 0 ? '; ' : ''}
          <span className="strong">{id}</span> {titleOf(id) === id ? '' : <span className="soft">{titleOf(id)}</span>}
        </span>
      ))
    );
  return (
    <Sheet title="How it stands" aside={<Acts run={run} />}>
      <dl className="now">
        <dt>Now</dt>
        <dd>{list(run.now)}</dd>
        <dt>Next</dt>
        <dd>{list(run.next.slice(0, 3))}</dd>
        <dt>Blocked</dt>
        <dd>
          {shut === null ? null : (
            <p className="warn">
              <span className="strong">{shut.step}</span> waits for the window {shut.window}, which opens{' '}
              {until(shut.opensAt, now)}, {dayAndTime(shut.opensAt)}
            </p>
          )}
          {blocked === undefined ? (
            shut === null ? (
              <span className="soft">nothing</span>
            ) : null
          ) : (
            <span className="warn">
              <span className="strong">{blocked.step}</span>: {inLocalTime(blocked.why)}
              {blocked.who.length === 0 ? '' : ` (${blocked.who.join(' or ')})`}
              {run.blocked.length > 1 ? `, and ${run.blocked.length - 1} more` : ''}
            </span>
          )}
        </dd>
      </dl>
      {run.runner === 'gone' ? (
        <p className="bad strong">
          Its runner ended without a word: nobody acts on this run. What was done is not lost; resume goes on.
        </p>
      ) : null}
      {run.runner === 'unknown' ? <p className="warn">Its runner is on another machine: {run.host}.</p> : null}
    </Sheet>
  );
}

/** Nobody acts on it; a real one may be gone on with, given up, or taken back. */
function Over({ run }: { readonly run: Run }): ReactNode {
  if (run.mode !== 'real' || run.may.length === 0) return null;
  return (
    <Sheet title="How it stands" aside={<Acts run={run} />}>
      <p>{run.verdict === 'done' ? 'It is over.' : 'Nobody acts on it. What was done stands.'}</p>
    </Sheet>
  );
}

function Reason({ run: { reason, verdict } }: { readonly run: Run }): ReactNode {
  // What waits for people stands on top, with the way to answer it.
  if (reason === null || reason.code === 'step.waits' || verdict === 'done' || verdict === 'unfinished') return null;
  return <Trouble error={reason} />;
}

function Steps({ run }: { readonly run: Run }): ReactNode {
  const [opened, setOpened] = useState<string>();
  const shown = opened ?? run.steps.find(({ state }) => ['running', 'failed', 'needs-human'].includes(state))?.id;
  const step = run.steps.find(({ id }) => id === shown);
  return (
    <Sheet
      title="Steps in time"
      aside={
        <span className="soft small">
          <span className="critical-key">◆</span> on the longest way
          {run.criticalPath.length === 0 ? '' : `: ${run.criticalPath.length} of ${run.steps.length}`}
        </span>
      }
    >
      <Gantt run={run} chosen={shown} onChoose={setOpened} />
      {step === undefined ? null : <StepDetail run={run} step={step} />}
    </Sheet>
  );
}

/** Of a run that names nobody. */
const whoElse = { real: 'nobody who said their name', drill: 'no person: the schedule, or a step that calls it' };

function About({ run }: { readonly run: Run }): ReactNode {
  return (
    <Sheet title="About this run">
      <dl className="facts">
        <dt>Run</dt>
        <dd>
          <code>{run.run}</code>
        </dd>
        <dt>Scenario</dt>
        <dd>
          {run.scenario} in {run.environment}
        </dd>
        <dt>Plan</dt>
        <dd>
          {run.plan.name} <code>{run.plan.hash.slice(0, 12)}</code>
        </dd>
        <dt>Asked for by</dt>
        <dd>{run.requester === null ? whoElse[run.mode] : (run.requester.as ?? run.requester.user)}</dd>
        <dt>By</dt>
        <dd>
          {run.tool} on {run.host}
          {run.resumed === 0 ? '' : `, resumed ${run.resumed} times`}
        </dd>
        <dt>Began</dt>
        <dd>
          {dayAndTime(run.startedAt)},{' '}
          {run.finishedAt === null || isOpen(run.verdict) ? 'has not ended' : `ended ${dayAndTime(run.finishedAt)}`}
        </dd>
        {run.rollback === null ? null : (
          <>
            <dt>Taken back</dt>
            <dd>
              <Link to={`/runs/${run.rollback.run}`}>by another run</Link>: {run.rollback.verdict}
            </dd>
          </>
        )}
        {run.mode === 'drill' && !isOpen(run.verdict) ? (
          <>
            <dt>Report</dt>
            <dd>
              <Link to={`/drills/${run.run}`}>what the drill proved</Link>
            </dd>
          </>
        ) : null}
      </dl>
      {run.unexercised.length === 0 ? null : (
        <>
          <h3 className="apart">Not exercised</h3>
          <ul className="small">
            {run.unexercised.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </>
      )}
    </Sheet>
  );
}
