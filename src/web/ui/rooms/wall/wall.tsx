import { useEffect, type ReactNode } from 'react';
import type { RunSummary } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { useConnection } from '../../data/live.ts';
import { useReadiness, useRuns } from '../../data/queries.ts';
import { clockTime, dayAndTime } from '../../data/words.ts';
import { go, Link } from '../../frame/route.tsx';
import { Waiting } from '../../parts/parts.tsx';
import { Calm } from './calm.tsx';
import { UnderWay } from './under-way.tsx';
import './wall.css';

/** For a screen on a wall, read from three metres: whether all is well, or how the recovery stands. Nothing on it is pressed. */
export default function WallRoom({ plan }: { readonly plan: string }): ReactNode {
  const { data: runs } = useRuns(50);
  const readiness = useReadiness();
  useEffect(() => {
    document.title = 'Wall · Lifeboat';
    const leave = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') go('/');
    };
    window.addEventListener('keydown', leave);
    return () => window.removeEventListener('keydown', leave);
  }, []);
  const run = openRun(runs?.runs ?? []);
  return (
    <div className="wall">
      <Head plan={plan} run={run} />
      <main id="room">
        {run !== undefined ? (
          <UnderWay id={run.run} />
        ) : readiness.data === undefined ? (
          <Waiting answer={readiness} what="how ready we are" />
        ) : (
          <Calm readiness={readiness.data} />
        )}
      </main>
    </div>
  );
}

/** The real one before a drill. */
function openRun(runs: readonly RunSummary[]): RunSummary | undefined {
  const open = runs.filter(({ verdict }) => ['unfinished', 'needs-human', 'paused'].includes(verdict));
  return open.find(({ mode }) => mode === 'real') ?? open[0];
}

function Head({ plan, run }: { readonly plan: string; readonly run: RunSummary | undefined }): ReactNode {
  const now = useNow();
  const { state, asOfMs } = useConnection();
  const words = { real: 'REAL', drill: 'DRILL' };
  return (
    <header className={`band wall-band ${run?.mode ?? ''}`}>
      <Link to="/">
        {plan}
        <span className="hidden">: back to the rooms</span>
      </Link>
      <span className="mode">{run === undefined ? 'No recovery is under way' : words[run.mode]}</span>
      <span className="end">
        {state === 'away' ? (
          <span className="as-of" role="status">
            no connection: as of {clockTime(asOfMs)}
          </span>
        ) : (
          <span className="wall-clock">{dayAndTime(now)}</span>
        )}
      </span>
    </header>
  );
}
