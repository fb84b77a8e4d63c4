import type { ReactNode } from 'react';
import type { Readiness, RunSummary, Session } from '../../../api/contract/index.ts';
import { useNow } from '../data/clock.ts';
import { useConnection } from '../data/live.ts';
import { useReadiness, useUnderWay } from '../data/queries.ts';
import { clockTime, wholeSeconds } from '../data/words.ts';
import icon from '../look/icon.svg';
import { Link } from './route.tsx';

/** One glance: is it the real day, a drill, or neither; who keeps the schedule; is what is shown so now. */
export function Band({ session }: { readonly session: Extract<Session, { signedIn: true }> }): ReactNode {
  const { runs } = useUnderWay();
  const { data: readiness } = useReadiness();
  const [run] = runs;
  return (
    <header className={`band ${run?.mode ?? ''}`}>
      <Link to="/" className="brand">
        <img src={icon} alt="" />
        {session.plan}
        <span className="hidden">, Lifeboat</span>
      </Link>
      {run === undefined ? <span>No recovery is under way</span> : <UnderWay run={run} more={runs.length - 1} />}
      <span className="end">
        <span className="keeper small">{readiness === undefined ? '' : keeper(readiness)}</span>
        <ConnectionState />
      </span>
    </header>
  );
}

function UnderWay({ run, more }: { readonly run: RunSummary; readonly more: number }): ReactNode {
  const now = useNow();
  return (
    <>
      <span className="mode">{run.mode === 'real' ? 'REAL' : 'DRILL'}</span>
      <span className="about">
        <Link to={`/runs/${run.run}`}>
          {run.drill ?? run.scenario}
          {run.verdict === 'failed' ? ' failed' : run.waits.length > 0 ? ' waits for a person' : ''}
        </Link>
        <span>{wholeSeconds(now - Date.parse(run.startedAt))}</span>
        {more > 0 ? <Link to="/runs">and {more} more</Link> : null}
      </span>
    </>
  );
}

function keeper({ schedule, keeper: here }: Readiness): string {
  const by = schedule.host ?? 'somebody';
  const words = {
    now: `schedule kept by ${here ? `${by}, this server` : by}`,
    nobody: 'the schedule is kept by nobody',
    never: 'the schedule is kept by nobody yet',
    unknown: 'who keeps the schedule is not known',
  };
  return words[schedule.kept];
}

function ConnectionState(): ReactNode {
  const { state, asOfMs } = useConnection();
  const words = {
    live: 'live',
    connecting: 'connecting',
    away: `reconnecting, shown as of ${clockTime(asOfMs)}`,
  };
  return (
    <span className={`connection ${state}`}>
      <i aria-hidden="true" />
      {words[state]}
    </span>
  );
}
