import type { ReactNode } from 'react';
import type { Restore } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { useNow } from '../../data/clock.ts';
import { useChange, useMay, useRestore } from '../../data/queries.ts';
import { dayAndTime, formatBytes, seconds, wholeSeconds } from '../../data/words.ts';
import { Link } from '../../frame/route.tsx';
import { Figure, RoomHead, Sheet, Trouble, Waiting, Word } from '../../parts/parts.tsx';
import './restore.css';

/** A restore under way, and what became of it. */
export default function RestoreProgress({ id }: { readonly id: string }): ReactNode {
  const answer = useRestore(id);
  const { data } = answer;
  if (data === undefined)
    return (
      <>
        <RoomHead title="Restore" />
        <Waiting answer={answer} what="the restore" />
      </>
    );
  return (
    <>
      <RoomHead title={`Restore of ${data.asset}`}>
        <Word of={data.state} />
      </RoomHead>
      <div className="stack">
        <Progress restore={data} />
        <Outcome restore={data} />
      </div>
    </>
  );
}

function Progress({ restore }: { readonly restore: Restore }): ReactNode {
  const { state, bytes, bytesDone, secondsExpected } = restore;
  const now = useNow();
  const mayCancel = useMay('operator');
  const cancel = useChange(() => api.restores.cancel(restore.id), ['restore', restore.id]);
  const isRunning = state === 'running';
  const share = state === 'done' ? 1 : bytes === 0 ? 0 : Math.min(1, bytesDone / bytes);
  const tookMs = isRunning ? now - Date.parse(restore.startedAt) : restore.seconds * 1000;
  const tone = state === 'done' ? 'good' : state === 'failed' ? 'bad' : '';
  return (
    <Sheet
      title={isRunning ? restore.phase || 'Under way' : 'Result'}
      aside={
        isRunning && mayCancel ? (
          <button type="button" className="button" onClick={() => cancel.mutate()} disabled={cancel.isPending}>
            Stop it
          </button>
        ) : null
      }
    >
      <div className="stack">
        <div
          className={`progress ${tone}`}
          role="progressbar"
          aria-label="Restored"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
        >
          <i style={{ width: `${share * 100}%` }} />
        </div>
        <div className="figures">
          <Figure
            label={isRunning ? 'Since it began' : 'Took'}
            value={isRunning ? wholeSeconds(tookMs) : seconds(restore.seconds)}
            note={`expected ${seconds(secondsExpected)}`}
          />
          <Figure
            label="Restored"
            value={formatBytes(state === 'done' ? bytes : bytesDone)}
            note={`of ${formatBytes(bytes)}`}
          />
          <Figure
            label="Checks"
            value={
              restore.checks.length === 0
                ? isRunning
                  ? 'at the end'
                  : 'none'
                : `${restore.checks.filter(({ ok }) => ok).length} of ${restore.checks.length}`
            }
            note={restore.checks.every(({ ok }) => ok) ? '' : 'not all are green'}
            tone={restore.checks.length === 0 ? 'soft' : restore.checks.every(({ ok }) => ok) ? 'good' : 'bad'}
          />
        </div>
        <Trouble error={cancel.error} />
      </div>
    </Sheet>
  );
}

function Outcome({ restore }: { readonly restore: Restore }): ReactNode {
  return (
    <Sheet title="What it is">
      <div className="stack">
        <Trouble error={restore.error} />
        <dl className="facts">
          <dt>Into</dt>
          <dd>
            <code>{restore.target}</code>
          </dd>
          {restore.url === null ? null : (
            <>
              <dt>Runs at</dt>
              <dd>
                <code>{restore.url}</code>
              </dd>
            </>
          )}
          <dt>Point</dt>
          <dd>
            <code>{restore.point}</code>
          </dd>
          {restore.reachedAt === null ? null : (
            <>
              <dt>Reached</dt>
              <dd>{dayAndTime(restore.reachedAt)}</dd>
            </>
          )}
          <dt>Asked for</dt>
          <dd>
            by {restore.by}, {dayAndTime(restore.startedAt)}
          </dd>
        </dl>
        {restore.checks.length === 0 ? null : (
          <table className="cards">
            <thead>
              <tr>
                <th>Check</th>
                <th>Verdict</th>
                <th>Observed</th>
                <th>Expected</th>
              </tr>
            </thead>
            <tbody>
              {restore.checks.map(({ name, ok, observed, expected }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td data-label="Verdict">
                    <Word of={ok ? 'pass' : 'fail'} />
                  </td>
                  <td data-label="Observed">{observed}</td>
                  <td data-label="Expected">{expected}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {restore.warnings.map((warning) => (
          <p key={warning} className="warn">
            {warning}
          </p>
        ))}
        {restore.state === 'running' ? null : (
          <p>
            <Link to={`/points?asset=${encodeURIComponent(restore.asset)}`}>Points of {restore.asset}</Link>
          </p>
        )}
      </div>
    </Sheet>
  );
}
