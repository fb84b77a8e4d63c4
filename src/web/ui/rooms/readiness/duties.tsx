import type { ReactNode } from 'react';
import type { Readiness } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { useOperations } from '../../data/queries.ts';
import { ago, until } from '../../data/words.ts';
import { Sheet, Word } from '../../parts/parts.tsx';

const shownMax = 8;

/** What is under way, what comes next, and which duty did not go well. */
export function Duties({ readiness: { schedule } }: { readonly readiness: Readiness }): ReactNode {
  const { data } = useOperations();
  const now = useNow(1000);
  const wrong = schedule.tasks.filter(({ state, hangs }) => hangs || state === 'failed' || state === 'red');
  const running = data?.operations.filter(({ state }) => state === 'running') ?? [];
  return (
    <div className="halves">
      <Sheet title="Duties that did not go well">
        {wrong.length === 0 ? (
          <p className="empty">Each task of the schedule went well when it was last done.</p>
        ) : (
          <ul className="lines">
            {wrong.map(({ task, state, words, doneAgeSeconds, hangs }) => (
              <li key={task}>
                <div className="row between">
                  <span className="strong">{task}</span>
                  <Word of={hangs ? 'failed' : state} say={hangs ? 'hangs' : state} />
                </div>
                <p className="small">{words}</p>
                <p className="small soft">last done {ago(doneAgeSeconds)}</p>
              </li>
            ))}
          </ul>
        )}
      </Sheet>
      <Sheet title="Under way and next">
        <ul className="lines">
          {running.map(({ id, about, phase, startedAt, by }) => (
            <li key={id} className="row between">
              <span>
                <span className="strong">{about}</span> <span className="small soft">{phase}</span>
              </span>
              <span className="small soft">
                begun {ago((now - Date.parse(startedAt)) / 1000)} by {by}
              </span>
            </li>
          ))}
          {data?.streams.map(({ asset, words, state }) => (
            <li key={asset} className="row between">
              <span>
                <span className="strong">stream {asset}</span> <span className="small soft">{words}</span>
              </span>
              <Word of={state} />
            </li>
          ))}
          {(data?.due ?? []).slice(0, shownMax).map(({ task, at }) => (
            <li key={task} className="row between">
              <span>{task}</span>
              <span className="soft">{until(at, now)}</span>
            </li>
          ))}
        </ul>
        {data !== undefined && running.length + data.streams.length + data.due.length === 0 ? (
          <p className="empty">Nothing is under way, and no calendar says what comes.</p>
        ) : null}
      </Sheet>
    </div>
  );
}
