import { keepPreviousData, useInfiniteQuery, type UseInfiniteQueryResult } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import type { AuditList, AuditQuery, AuditRecord } from '../../../../api/contract/index.ts';
import { api, type ApiError } from '../../data/api.ts';
import { after, nowMs } from '../../data/clock.ts';
import { useMay } from '../../data/queries.ts';
import { dayAndTime } from '../../data/words.ts';
import { Link, setQuery, usePlace } from '../../frame/route.tsx';
import { RoomHead, Sheet, Waiting, Word } from '../../parts/parts.tsx';
import './audit.css';

const hourMs = 3_600_000;
const stretches = { '24 h': 24 * hourMs, '7 d': 168 * hourMs, '30 d': 720 * hourMs } as const;
const pageRecords = 100;
/** Who types is not asked for each letter. */
const typingMs = 250;

/** Who changed what, from where, and what became of it: of everything that was asked for here or on the command line of this machine. */
export default function AuditRoom(): ReactNode {
  const isAdmin = useMay('admin');
  return (
    <>
      <RoomHead title="Audit">
        <p className="soft small">each change that somebody asked for, done or refused; it stands in the journal</p>
      </RoomHead>
      {isAdmin ? <Records /> : <p className="stale">Your role may not see this. An admin has to sign in.</p>}
    </>
  );
}

function Records(): ReactNode {
  const answer = useAudit();
  const records = answer.data?.pages.flatMap((page) => page.records) ?? [];
  return (
    <Sheet title="Changes">
      <Filters />
      {answer.data === undefined ? (
        <Waiting answer={answer} what="the audit" />
      ) : records.length === 0 ? (
        <p className="empty">Nothing that fits was changed{answer.hasNextPage ? ' lately' : ''}.</p>
      ) : (
        <RecordTable records={records} />
      )}
      {answer.hasNextPage ? (
        <button
          type="button"
          className="button plain"
          disabled={answer.isFetchingNextPage}
          onClick={() => void answer.fetchNextPage()}
        >
          Show older
        </button>
      ) : null}
    </Sheet>
  );
}

function Filters(): ReactNode {
  const { query } = usePlace();
  const [find, setFind] = useState(query.get('find') ?? '');
  useEffect(() => after(typingMs, () => setQuery({ find: find.trim() })), [find]);
  const outcome = query.get('outcome') ?? '';
  const stretch = query.get('stretch') ?? '';
  return (
    <div className="row filters">
      <span className="tabs" role="group" aria-label="What became of it">
        {[
          ['', 'all'],
          ['done', 'done'],
          ['refused', 'refused'],
        ].map(([value = '', words]) => (
          <button
            key={value}
            type="button"
            aria-pressed={outcome === value}
            onClick={() => setQuery({ outcome: value })}
          >
            {words}
          </button>
        ))}
      </span>
      <span className="tabs" role="group" aria-label="Stretch of time">
        {['', ...Object.keys(stretches)].map((value) => (
          <button
            key={value}
            type="button"
            aria-pressed={stretch === value}
            onClick={() => setQuery({ stretch: value })}
          >
            {value === '' ? 'ever' : value}
          </button>
        ))}
      </span>
      <input
        type="search"
        className="input find"
        placeholder="Who, what, from where  /"
        aria-label="Find a change"
        value={find}
        onChange={({ target }) => setFind(target.value)}
      />
    </div>
  );
}

function RecordTable({ records }: { readonly records: readonly AuditRecord[] }): ReactNode {
  return (
    <table className="cards audit">
      <thead>
        <tr>
          <th>When</th>
          <th>Who</th>
          <th>What</th>
          <th>About</th>
          <th>Outcome</th>
          <th>From</th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <tr key={record.sequence}>
            <th scope="row" className="nowrap">
              {dayAndTime(record.at)}
            </th>
            <td data-label="Who">
              {record.who} <span className="small soft">{record.role ?? ''}</span>
            </td>
            <td data-label="What">{record.words ?? <code>{record.what}</code>}</td>
            <td data-label="About">
              <About record={record} />
            </td>
            <td data-label="Outcome">
              {record.outcome === 'done' ? (
                <Word of="done" />
              ) : (
                <span>
                  <Word of="failed" say="refused" /> <code className="small">{record.outcome}</code>
                </span>
              )}
            </td>
            <td data-label="From" className="soft small nowrap">
              {record.from}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What is about a run leads there. */
function About({ record: { what, about } }: { readonly record: AuditRecord }): ReactNode {
  if (about === null) return '';
  const run = /\/runs\/\{run\}|^POST runs/.test(what) ? /\b[0-9a-hjkmnp-tv-z]{26}\b/.exec(about)?.[0] : undefined;
  if (run === undefined) return about;
  const [before = '', behind = ''] = about.split(run);
  return (
    <>
      {before}
      <Link to={`/runs/${run}`}>{run}</Link>
      {behind}
    </>
  );
}

function useAudit(): UseInfiniteQueryResult<{ readonly pages: readonly AuditList[] }, ApiError> {
  const { query } = usePlace();
  const [find, outcome, stretch] = ['find', 'outcome', 'stretch'].map((name) => query.get(name) ?? '');
  return useInfiniteQuery<AuditList, ApiError, { pages: readonly AuditList[] }, readonly unknown[], string | undefined>(
    {
      queryKey: ['audit', find, outcome, stretch],
      queryFn: ({ signal, pageParam }) => {
        const backMs = (stretches as Readonly<Record<string, number>>)[stretch ?? ''];
        const wanted: AuditQuery = {
          limit: pageRecords,
          ...(find === '' ? {} : { find }),
          ...(outcome === 'done' || outcome === 'refused' ? { outcome } : {}),
          ...(backMs === undefined ? {} : { from: new Date(nowMs() - backMs).toISOString() }),
          ...(pageParam === undefined ? {} : { cursor: pageParam }),
        };
        return api.audit(wanted, signal);
      },
      initialPageParam: undefined,
      getNextPageParam: ({ next }) => next ?? undefined,
      placeholderData: keepPreviousData,
    },
  );
}
