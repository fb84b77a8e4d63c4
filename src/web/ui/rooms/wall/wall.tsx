import { useEffect, type ReactNode } from 'react';
import type { RunSummary } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { useConnection } from '../../data/live.ts';
import { useReadiness, useUnderWay } from '../../data/queries.ts';
import { clockTime, dayAndTime } from '../../data/words.ts';
import { go, Link } from '../../frame/route.tsx';
import { Waiting } from '../../parts/parts.tsx';
import { Calm } from './calm.tsx';
import { UnderWay } from './under-way.tsx';
import './wall.css';

/** For a screen on a wall, read from three metres: whether all is well, or how the recovery stands. Nothing on it is pressed. */
export default function WallRoom({ plan }: { readonly plan: string }): ReactNode {
  const open = useUnderWay();
  const readiness = useReadiness();
  useEffect(() => {
    document.title = 'Wall · Lifeboat';
    const leave = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') go('/');
    };
    window.addEventListener('keydown', leave);
    return () => window.removeEventListener('keydown', leave);
  }, []);
  const [run] = open.runs;
  // Asked and refused: what is on the screen is of before.
  const old = [open, readiness].find(({ isError, dataUpdatedAt }) => isError && dataUpdatedAt > 0);
  return (
    <div className="wall">
      <Head plan={plan} run={run} oldMs={old?.dataUpdatedAt} />
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

function Head({
  plan,
  run,
  oldMs,
}: {
  readonly plan: string;
  readonly run: RunSummary | undefined;
  readonly oldMs: number | undefined;
}): ReactNode {
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
        ) : oldMs !== undefined ? (
          <span className="as-of" role="status">
            the server has trouble: as of {clockTime(oldMs)}
          </span>
        ) : (
          <span className="wall-clock">{dayAndTime(now)}</span>
        )}
      </span>
    </header>
  );
}
