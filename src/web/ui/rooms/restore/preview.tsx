import type { ReactNode } from 'react';
import type { RestorePreview } from '../../../../api/contract/index.ts';
import type { ApiError } from '../../data/api.ts';
import { useNow } from '../../data/clock.ts';
import { count, dayAndTime, formatBytes, formatDuration, inLocalTime, seconds } from '../../data/words.ts';
import { Figure, Trouble, Word } from '../../parts/parts.tsx';
import { Part } from './part.tsx';

/** What a restore would do: sizes, minutes, how sure each step is, and what was not chosen. Executed once, as it stands. */
export function Preview({
  preview,
  going,
  error,
  onGo,
}: {
  readonly preview: RestorePreview;
  readonly going: boolean;
  readonly error: ApiError | null;
  readonly onGo: (preview: RestorePreview) => void;
}): ReactNode {
  const leftMs = Date.parse(preview.expiresAt) - useNow();
  return (
    <Part number={4} title="What would be done">
      <div className="figures">
        <Figure label="Written" value={formatBytes(preview.bytes)} note={count(preview.files, 'file')} />
        <Figure
          label="Expected"
          value={seconds(preview.secondsExpected)}
          note={inLocalTime(preview.expectedFrom ?? 'no earlier restore tells')}
        />
        <Figure
          label="Overwritten"
          value={preview.overwrites.length === 0 ? 'nothing' : String(preview.overwrites.length)}
          note={preview.overwrites.join(', ')}
        />
      </div>
      <dl className="facts">
        <dt>Asset</dt>
        <dd className="strong">{preview.asset}</dd>
        <dt>Data of</dt>
        <dd>
          {dayAndTime(preview.log?.reachableAt ?? preview.point.at)}
          {preview.log === null
            ? ''
            : `: the point of ${dayAndTime(preview.point.at)} and ${formatBytes(preview.log.bytes)} of log`}
        </dd>
        <dt>Point</dt>
        <dd>
          <code>{preview.point.id}</code>
        </dd>
        <dt>From</dt>
        <dd>
          {preview.store}
          {preview.others.length === 0 ? '' : `; if it fails midway ${preview.others.join(', ')}`}
        </dd>
        <dt>Into</dt>
        <dd>
          <code>{preview.target}</code>
        </dd>
      </dl>
      <ul className="sure">
        {preview.steps.map(({ what, certainty, words }) => (
          <li key={what}>
            <Word of={certainty} />
            <span>
              <span className="strong">{what}</span>: {inLocalTime(words)}
            </span>
          </li>
        ))}
      </ul>
      <Doubts preview={preview} />
      <Trouble error={error} />
      <div className="row between">
        <button type="button" className="button main" disabled={going || leftMs <= 0} onClick={() => onGo(preview)}>
          {going ? 'Beginning …' : `Restore ${preview.asset} now`}
        </button>
        <span className="soft small">
          {leftMs > 0 ? `stands for ${formatDuration(leftMs)}` : 'too old: ask again what would be done'}
        </span>
      </div>
    </Part>
  );
}

function Doubts({ preview: { rejected, damage, unanswered } }: { readonly preview: RestorePreview }): ReactNode {
  if (rejected.length + damage.length + unanswered.length === 0) return null;
  return (
    <ul className="doubts small">
      {rejected.map(({ id, at, reason }) => (
        <li key={id}>
          Newer, and not chosen: {dayAndTime(at)}, {reason}
        </li>
      ))}
      {damage.map(({ object, what }) => (
        <li key={object} className="bad">
          {object}: {what}
        </li>
      ))}
      {unanswered.map(({ store, reason }) => (
        <li key={store} className="warn">
          {store} did not answer: {reason}. It may hold a newer point.
        </li>
      ))}
    </ul>
  );
}
