import { useState, type ReactNode } from 'react';
import type { RunSummary } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { isOpen } from '../../data/under-way.ts';
import { useMay, useRuns } from '../../data/queries.ts';
import { count, dayAndTime, formatDuration } from '../../data/words.ts';
import { go, Link } from '../../frame/route.tsx';
import { RoomHead, Sheet, Waiting } from '../../parts/parts.tsx';
import { VerdictWord } from './words.tsx';
import './runs.css';

const page = 50;

/** What runs, waits for people, and ran; the newest first. */
export default function RunsRoom(): ReactNode {
  const [limit, setLimit] = useState(page);
  const answer = useRuns(limit);
  const may = useMay('operator');
  const { data } = answer;
  return (
    <>
      <RoomHead title="Runs">
        {may ? (
          <Link to="/runs/start" className="button">
            Rehearse or recover …
          </Link>
        ) : null}
      </RoomHead>
      {data === undefined ? (
        <Waiting answer={answer} what="the runs" />
      ) : data.total === 0 ? (
        <p className="empty">Nothing ran yet. A drill is the best first one.</p>
      ) : (
        <Sheet title={count(data.total, 'run')}>
          <RunTable runs={data.runs} />
          {data.total <= data.runs.length ? null : (
            <button type="button" className="button plain" onClick={() => setLimit(Math.min(1_000, limit + 4 * page))}>
              Show more
            </button>
          )}
        </Sheet>
      )}
    </>
  );
}

function RunTable({ runs }: { readonly runs: readonly RunSummary[] }): ReactNode {
  const now = useNow();
  return (
    <table className="cards">
      <thead>
        <tr>
          <th>Run</th>
          <th>Mode</th>
          <th>How it stands</th>
          <th>Began</th>
          <th className="number">Took</th>
          <th>In</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => {
          const tookMs = isOpen(run.verdict) ? now - Date.parse(run.startedAt) : run.seconds * 1000;
          return (
            <tr
              key={run.run}
              className="link"
              onClick={(event) => (event.target instanceof HTMLAnchorElement ? undefined : go(`/runs/${run.run}`))}
            >
              <th scope="row">
                <Link to={`/runs/${run.run}`}>{run.drill ?? run.scenario}</Link>
                {run.drill === null ? '' : <span className="soft small"> {run.scenario}</span>}
                {run.undoes === null ? '' : <span className="soft small"> takes back {run.undoes}</span>}
              </th>
              <td data-label="Mode">
                <span className={`tag ${run.mode}`}>{run.mode === 'real' ? 'REAL' : 'drill'}</span>
              </td>
              <td data-label="Stands">
                <VerdictWord of={run.verdict} />
                {run.waits.length === 0 ? '' : <span className="small"> at {run.waits.join(', ')}</span>}
              </td>
              <td data-label="Began" className="nowrap">
                {dayAndTime(run.startedAt)}
              </td>
              <td data-label="Took" className="number">
                {formatDuration(tookMs)}
              </td>
              <td data-label="In">{run.environment}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
