import { useState, type ReactNode } from 'react';
import type { Readiness } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { ago, until } from '../../data/words.ts';
import { Link } from '../../frame/route.tsx';
import { Trouble } from '../../parts/parts.tsx';

const shownMax = 6;

/** One sentence that can be read from the door of the room, and what it rests on. */
export function Verdict({ readiness }: { readonly readiness: Readiness }): ReactNode {
  const { problems, unanswered } = readiness;
  const [all, setAll] = useState(false);
  const isGood = problems.length === 0 && unanswered.length === 0;
  const shown = all ? problems : problems.slice(0, shownMax);
  return (
    <section className={`sheet verdict ${isGood ? 'good-look' : 'bad-look'}`} aria-label="Verdict">
      <div className="says">
        <p className="sentence">
          <span aria-hidden="true">{isGood ? '✓' : '✗'}</span> {sentence(readiness)}
        </p>
        <Facts readiness={readiness} />
      </div>
      {problems.length === 0 ? null : (
        <ul className="problems">
          {shown.map(({ about, words, hint, code }) => (
            <li key={`${code} ${about} ${words}`}>
              <p>
                <span className="strong">{about}</span>: {words}
              </p>
              <p className="small soft">
                <code>{hint}</code>
              </p>
            </li>
          ))}
        </ul>
      )}
      {problems.length <= shownMax ? null : (
        <button type="button" className="button plain" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${problems.length}`}
        </button>
      )}
      {unanswered.map(({ store, ...problem }) => (
        <Trouble key={store} error={{ ...problem, message: `${store} did not answer: ${problem.message}` }} />
      ))}
    </section>
  );
}

/** As the first line of `lifeboat status`. */
export function sentence({ problems, unanswered }: Pick<Readiness, 'problems' | 'unanswered'>): string {
  const are = (many: number, what: string): string => `${many} ${what}${many === 1 ? ' is' : 's are'}`;
  const red = problems.length === 0 ? [] : [`${are(problems.length, 'promise')} not kept`];
  const silent = unanswered.length === 0 ? [] : [`${are(unanswered.length, 'store')} silent`];
  return [...red, ...silent].join('; ') || 'Every promise is kept';
}

function Facts({ readiness: { nextDrill, schedule, keys } }: { readonly readiness: Readiness }): ReactNode {
  const now = useNow(1000);
  const untested = keys.filter(({ testedAt }) => testedAt === null).map(({ key }) => key);
  const kept = {
    now: `kept by ${schedule.host ?? ''}, seen ${ago(schedule.seenAgeSeconds)}`,
    nobody: `kept by nobody, seen ${ago(schedule.seenAgeSeconds)}`,
    never: 'kept by nobody yet',
    unknown: 'not known, a store did not say who keeps it',
  };
  return (
    <dl className="facts">
      <dt>Next drill</dt>
      <dd>
        {nextDrill === null ? (
          <span className="warn strong">none is planned</span>
        ) : (
          <>
            <Link to="/drills">{nextDrill.drill}</Link> {until(nextDrill.at, now)}
          </>
        )}
      </dd>
      <dt>Schedule</dt>
      <dd className={schedule.kept === 'now' ? '' : 'warn strong'}>{kept[schedule.kept]}</dd>
      <dt>Keys</dt>
      <dd>
        {untested.length === 0 ? (
          'each was tested'
        ) : (
          <span className="warn strong">never tested: {untested.join(', ')}</span>
        )}
      </dd>
    </dl>
  );
}
