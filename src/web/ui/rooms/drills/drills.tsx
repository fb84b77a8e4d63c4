import { useState, type ReactNode } from 'react';
import type { DrillList, DrillResult } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { useNow } from '../../data/clock.ts';
import { useChange, useDrills, useMay } from '../../data/queries.ts';
import { ago, count, dayAndTime, seconds, until } from '../../data/words.ts';
import { go, Link } from '../../frame/route.tsx';
import { RoomHead, Sheet, Trouble, Waiting, Word } from '../../parts/parts.tsx';
import { Trend } from './trend.tsx';
import './drills.css';

/** What was rehearsed, how it went over time, and when it is next. */
export default function DrillsRoom(): ReactNode {
  const answer = useDrills();
  const { data } = answer;
  return (
    <>
      <RoomHead title="Drills" />
      {data === undefined ? (
        <Waiting answer={answer} what="the drills" />
      ) : (
        <div className="stack">
          {data.drills.length === 0 ? (
            <p className="empty">The plan declares no drill: nothing was ever rehearsed.</p>
          ) : null}
          {data.drills.map((drill) => (
            <OneDrill
              key={drill.drill}
              drill={drill}
              results={data.results.filter((one) => one.drill === drill.drill)}
            />
          ))}
          <Results results={data.results} total={data.total} />
        </div>
      )}
    </>
  );
}

function OneDrill({
  drill,
  results,
}: {
  readonly drill: DrillList['drills'][number];
  readonly results: readonly DrillResult[];
}): ReactNode {
  const now = useNow(1000);
  const may = useMay('operator');
  const start = useChange(() => api.runs.start({ what: 'drill', drill: drill.drill }), ['runs'], ['drills']);
  return (
    <Sheet
      title={drill.drill}
      aside={
        may ? (
          <button
            type="button"
            className="button"
            disabled={start.isPending}
            onClick={() =>
              start.mutate(undefined, { onSuccess: (run) => (run.what === 'dry' ? undefined : go(`/runs/${run.run}`)) })
            }
          >
            Drill now
          </button>
        ) : null
      }
    >
      <p className="soft">
        {drill.scenario === null ? `restores ${drill.restore ?? ''}` : `rehearses ${drill.scenario}`}, next{' '}
        {until(drill.nextAt, now)}, last passed{' '}
        {ago(drill.lastPassAt === null ? null : (now - Date.parse(drill.lastPassAt)) / 1000)}
      </p>
      <Trouble error={start.error} />
      {results.length === 0 ? (
        <p className="warn strong">
          {drill.last === null ? 'It never took place.' : 'Long ago: none of the results below is one of it.'}
        </p>
      ) : (
        <div className="trends">
          <Trend title="RTO" results={results} value={(one) => one.rtoSeconds} target={(one) => one.rtoTargetSeconds} />
          <Trend title="RPO" results={results} value={(one) => one.rpoSeconds} target={(one) => one.rpoTargetSeconds} />
        </div>
      )}
    </Sheet>
  );
}

/** A screen of them; more are a press away. */
const page = 25;

function Results({ results, total }: { readonly results: readonly DrillResult[]; readonly total: number }): ReactNode {
  const [shown, setShown] = useState(page);
  if (results.length === 0) return null;
  return (
    <Sheet title={count(total, 'result')}>
      <table className="cards">
        <thead>
          <tr>
            <th>Drill</th>
            <th>Verdict</th>
            <th>When</th>
            <th className="number">RTO</th>
            <th className="number">RPO</th>
            <th>What was not met</th>
          </tr>
        </thead>
        <tbody>
          {results.slice(0, shown).map((result) => (
            <tr key={result.run}>
              <th scope="row">
                <Link to={`/drills/${result.run}`}>{result.drill}</Link>
              </th>
              <td data-label="Verdict">
                <Word of={result.verdict} />
              </td>
              <td data-label="When" className="nowrap">
                {dayAndTime(result.at)}
              </td>
              <td data-label="RTO" className="number">
                {against(result.rtoSeconds, result.rtoTargetSeconds)}
              </td>
              <td data-label="RPO" className="number">
                {against(result.rpoSeconds, result.rpoTargetSeconds)}
              </td>
              <td data-label="Not met" className="small">
                {result.criteria
                  .filter(({ verdict }) => verdict !== 'pass')
                  .map(({ text }) => text)
                  .join('; ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {results.length <= shown ? null : (
        <button type="button" className="button plain" onClick={() => setShown(shown + 4 * page)}>
          Show more
        </button>
      )}
    </Sheet>
  );
}

const against = (value: number | null, target: number | null): string =>
  target === null ? seconds(value) : `${seconds(value)} of ${seconds(target)}`;
