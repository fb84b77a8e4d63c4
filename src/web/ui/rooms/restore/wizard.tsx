import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import type { Reach, RestorePreview, RestoreWish } from '../../../../api/contract/index.ts';
import { api } from '../../data/api.ts';
import { nowMs } from '../../data/clock.ts';
import { useChange, useMay, usePoints, useReach, useRestores } from '../../data/queries.ts';
import { count, dayAndTime, formatBytes } from '../../data/words.ts';
import { go, Link, setQuery, usePlace } from '../../frame/route.tsx';
import { Field, RoomHead, Trouble, Waiting } from '../../parts/parts.tsx';
import { Part } from './part.tsx';
import { Preview } from './preview.tsx';
import './restore.css';

/** A restore beside, never over: what, of when, where to; then what would be done; then a press. All of it stands in the address. */
export default function RestoreWizard(): ReactNode {
  const answer = useReach();
  const { query } = usePlace();
  const may = useMay('operator');
  const { data } = answer;
  if (data === undefined)
    return (
      <>
        <RoomHead title="Restore" />
        <Waiting answer={answer} what="what can be restored" />
      </>
    );
  const reach = data.assets.find(({ asset }) => asset === query.get('asset'));
  return (
    <>
      <RoomHead title="Restore">
        <p className="soft small">Beside, never over. Nothing is written before you have seen what would be.</p>
      </RoomHead>
      {may ? null : <p className="stale">Your role may look. To restore, an operator has to sign in.</p>}
      <div className="wizard">
        <Part number={1} title="What">
          <AssetField assets={data.assets} chosen={reach} />
        </Part>
        {reach === undefined ? null : <When reach={reach} />}
        {reach === undefined ? null : <Where key={reach.asset} reach={reach} mayAct={may} />}
      </div>
    </>
  );
}

function AssetField({
  assets,
  chosen,
}: {
  readonly assets: readonly Reach[];
  readonly chosen: Reach | undefined;
}): ReactNode {
  return (
    <Field
      label="Asset"
      {...(chosen === undefined
        ? {}
        : { hint: `${count(chosen.points, 'point')}; the newest is ${formatBytes(chosen.bytes)} restored` })}
    >
      {(given) => (
        <select
          {...given}
          value={chosen?.asset ?? ''}
          onChange={(event) => setQuery({ asset: event.target.value, point: undefined, at: undefined })}
        >
          <option value="" disabled>
            Choose one
          </option>
          {assets.map(({ asset, points }) => (
            <option key={asset} value={asset} disabled={points === 0}>
              {asset}
              {points === 0 ? ' (no point)' : ''}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function When({ reach }: { readonly reach: Reach }): ReactNode {
  const { query } = usePlace();
  const answer = usePoints({ asset: reach.asset, limit: 200 });
  const [point, at] = [query.get('point'), query.get('at')];
  const way = at !== null ? 'moment' : point !== null ? 'point' : 'newest';
  const listed = answer.data?.points ?? [];
  return (
    <Part number={2} title="Of when">
      <div className="tabs" role="group" aria-label="Which state of it">
        <Choice pressed={way === 'newest'} words="The newest" values={{ point: undefined, at: undefined }} />
        <Choice pressed={way === 'point'} words="A point" values={{ point: listed[0]?.id, at: undefined }} />
        <Choice
          pressed={way === 'moment'}
          words="A moment"
          values={{ point: undefined, at: reach.newestAt ?? undefined }}
        />
      </div>
      {way === 'newest' ? (
        <p className="soft">
          {reach.log ? 'Up to the last second that the log holds, from' : 'Data of'} {dayAndTime(reach.newestAt)}.
        </p>
      ) : null}
      {way === 'point' ? (
        <Field
          label="Point"
          hint={<Link to={`/points?asset=${encodeURIComponent(reach.asset)}`}>See them on a line</Link>}
        >
          {(given) => (
            <select {...given} value={point ?? ''} onChange={(event) => setQuery({ point: event.target.value })}>
              {listed.some(({ id }) => id === point) ? null : <option value={point ?? ''}>{point}</option>}
              {listed.map(({ id, at: moment, state, bytes }) => (
                <option key={id} value={id}>
                  {dayAndTime(moment)}, {state}, {formatBytes(bytes)}
                </option>
              ))}
            </select>
          )}
        </Field>
      ) : null}
      {way === 'moment' ? <MomentField at={at ?? ''} reach={reach} /> : null}
    </Part>
  );
}

const Choice = ({
  pressed,
  words,
  values,
}: {
  readonly pressed: boolean;
  readonly words: string;
  readonly values: Readonly<Record<string, string | undefined>>;
}): ReactNode => (
  <button type="button" aria-pressed={pressed} onClick={() => setQuery(values)}>
    {words}
  </button>
);

/** In the time of where we sit; the server is asked in UTC. */
function MomentField({ at, reach }: { readonly at: string; readonly reach: Reach }): ReactNode {
  const local = Number.isNaN(Date.parse(at)) ? '' : dayAndTime(at).replace(' ', 'T');
  return (
    <Field
      label="Moment, in your time"
      hint={
        reach.log
          ? `Any second from ${dayAndTime(reach.oldestAt)} on.`
          : 'No log is kept beside the points: you get the last point up to this moment.'
      }
    >
      {(given) => (
        <input
          {...given}
          type="datetime-local"
          step={1}
          value={local}
          onChange={({ target }) =>
            target.value === '' ? undefined : setQuery({ at: new Date(target.value).toISOString() })
          }
        />
      )}
    </Field>
  );
}

function Where({ reach, mayAct }: { readonly reach: Reach; readonly mayAct: boolean }): ReactNode {
  const { query } = usePlace();
  const restores = useRestores();
  const [target, setTarget] = useState(() => `${reach.asset}-${stamp()}`);
  const [start, setStart] = useState(false);
  const dry = useChange((wish: RestoreWish) => api.restores.preview(wish));
  const begin = useChange((preview: string) => api.restores.start({ preview }), ['restores'], ['operations']);
  const [point, at] = [query.get('point'), query.get('at')];
  // Another wish: what was said of the one before is no answer to it.
  useEffect(() => dry.reset(), [point, at]);
  const ask = (event: FormEvent): void => {
    event.preventDefault();
    dry.mutate({
      asset: reach.asset,
      target: target.trim(),
      start,
      ...(point === null ? {} : { point }),
      ...(at === null ? {} : { at }),
    });
  };
  const change = (work: () => void): void => {
    work();
    dry.reset();
  };
  return (
    <>
      <Part number={3} title="Where to">
        <form onSubmit={ask} className="stack tight">
          <Field
            label="A place that does not exist yet"
            hint={restores.data === undefined ? undefined : `A folder below ${restores.data.folder} on the server.`}
          >
            {(given) => (
              <input
                {...given}
                value={target}
                required
                spellCheck={false}
                onChange={(event) => change(() => setTarget(event.target.value))}
              />
            )}
          </Field>
          <label className="row">
            <input type="checkbox" checked={start} onChange={(event) => change(() => setStart(event.target.checked))} />
            Leave a restored server running
          </label>
          <p>
            <button type="submit" className="button main" disabled={!mayAct || dry.isPending}>
              {dry.isPending ? 'Looking …' : 'Show what would be done'}
            </button>
          </p>
          <Trouble error={dry.error} />
        </form>
      </Part>
      {dry.data === undefined ? null : (
        <Shown>
          <Preview
            preview={dry.data}
            going={begin.isPending}
            error={begin.error}
            onGo={(preview: RestorePreview) =>
              begin.mutate(preview.id, { onSuccess: ({ id }) => go(`/restore/${id}`) })
            }
          />
        </Shown>
      )}
    </>
  );
}

/** What was asked for stands below: it is brought into sight. */
function Shown({ children }: { readonly children: ReactNode }): ReactNode {
  const shown = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void shown.current?.scrollIntoView({ block: 'nearest', behavior: calmly() });
  }, []);
  return <div ref={shown}>{children}</div>;
}

const calmly = (): 'auto' | 'smooth' => (matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth');

/** `20261121-204103`: a name that is not there yet. */
const stamp = (): string => dayAndTime(nowMs()).replaceAll(/[-:]/g, '').replace(' ', '-');
