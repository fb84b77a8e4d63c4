import { useState, type ReactNode } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { Point, PointList, Reach } from '../../../../api/contract/index.ts';
import { api, type ApiError } from '../../data/api.ts';
import { nowMs, useNow } from '../../data/clock.ts';
import { untilRenewed, useAsNewAs, useReach } from '../../data/queries.ts';
import { count, dayAndTime, formatBytes } from '../../data/words.ts';
import { Link, setQuery, usePlace } from '../../frame/route.tsx';
import { RoomHead, Sheet, Trouble, Waiting } from '../../parts/parts.tsx';
import { meant, type Choice } from './choice.ts';
import { PointTable } from './table.tsx';
import { shapes } from './shapes.ts';
import { TimeLine } from './time-line.tsx';
import './points.css';

const hourMs = 3_600_000;
const stretches = { '6h': 6 * hourMs, '24h': 24 * hourMs, '7d': 168 * hourMs, '30d': 720 * hourMs } as const;
type Stretch = keyof typeof stretches | 'all';
/** So many are drawn at most; the newest first. */
const drawnMax = 5_000;
const toldApart = 1_000;

/** What there is to restore, of one asset, on a line of time. */
export default function PointsRoom(): ReactNode {
  const answer = useReach();
  const { query } = usePlace();
  const { data } = answer;
  if (data === undefined)
    return (
      <>
        <RoomHead title="Points" />
        <Waiting answer={answer} what="the points" />
      </>
    );
  const reach = data.assets.find(({ asset }) => asset === query.get('asset')) ?? data.assets[0];
  return (
    <>
      <RoomHead title="Points">
        {reach === undefined ? null : <AssetChoice assets={data.assets} chosen={reach.asset} />}
      </RoomHead>
      {reach === undefined ? (
        <p className="empty">The plan has no asset whose points can be listed.</p>
      ) : (
        <OneAsset key={reach.asset} reach={reach} reachAt={data.at} renewing={data.renewing} />
      )}
    </>
  );
}

function AssetChoice({ assets, chosen }: { readonly assets: readonly Reach[]; readonly chosen: string }): ReactNode {
  return (
    <label className="row">
      <span className="small strong">Asset</span>
      <select
        className="input asset-choice"
        value={chosen}
        onChange={(event) => setQuery({ asset: event.target.value, point: undefined })}
      >
        {assets.map(({ asset, points }) => (
          <option key={asset} value={asset}>
            {asset} ({count(points, 'point')})
          </option>
        ))}
      </select>
    </label>
  );
}

function OneAsset({
  reach,
  reachAt,
  renewing,
}: {
  readonly reach: Reach;
  readonly reachAt: string;
  readonly renewing: boolean;
}): ReactNode {
  const [stretch, setStretch] = useState<Stretch>(() => fitting(reach));
  const now = useNow(5_000);
  const answer = useStretch(reach.asset, stretch);
  const { data } = answer;
  useAsNewAs('reach', reachAt, data?.at);
  const [choice, setChoice] = useChoice(data?.points ?? []);
  const chosen = choice !== undefined && 'id' in choice ? choice.id : undefined;
  const fromMs = stretch === 'all' ? Date.parse(reach.oldestAt ?? '') || now - hourMs : now - stretches[stretch];
  return (
    <div className="stack">
      <Sheet
        title={reach.asset}
        aside={<StretchChoice stretch={stretch} onChange={setStretch} />}
        className="time-sheet"
      >
        <Summary reach={reach} renewing={renewing} />
        {data === undefined ? (
          <Waiting answer={answer} what={`the points of ${reach.asset}`} />
        ) : (
          <TimeLine
            points={data.points}
            fromMs={fromMs}
            toMs={now}
            chosen={chosen}
            log={reach.log}
            onChoose={setChoice}
          />
        )}
        <Legend />
        <Chosen asset={reach.asset} choice={choice} points={data?.points ?? []} />
      </Sheet>
      {data === undefined ? null : <Listed list={data} chosen={chosen} onChoose={(id) => setChoice({ id })} />}
    </div>
  );
}

/** What was chosen while the list was still empty becomes a point as soon as there is one. */
function useChoice(points: readonly Point[]): [Choice | undefined, (choice: Choice) => void] {
  const [choice, setChoice] = useState<Choice>();
  const now = choice === undefined ? undefined : meant(choice, points);
  if (now !== choice) setChoice(now);
  return [now, setChoice];
}

/** What is chosen, in words, and the way to its restore. */
function Chosen({
  asset,
  choice,
  points,
}: {
  readonly asset: string;
  readonly choice: Choice | undefined;
  readonly points: readonly Point[];
}): ReactNode {
  const id = choice !== undefined && 'id' in choice ? choice.id : undefined;
  const point = points.find((one) => one.id === id);
  return (
    <div className="row choice">
      {point === undefined ? (
        <span className="soft">{withoutPoint(choice)}</span>
      ) : (
        <span>
          Data of <span className="strong">{dayAndTime(point.at)}</span>, {point.state}, {formatBytes(point.bytes)}, in{' '}
          {point.stores.join(', ')}
        </span>
      )}
      <Link
        className="button main"
        to={`/restore?asset=${encodeURIComponent(asset)}${point === undefined ? '' : `&point=${point.id}`}`}
      >
        {point === undefined ? 'Restore the newest …' : 'Restore this point …'}
      </Link>
    </div>
  );
}

function withoutPoint(choice: Choice | undefined): string {
  if (choice === undefined) return 'Press a point on the line, or choose below.';
  if ('end' in choice) return `There is no point yet: the ${choice.end} is chosen when there is one.`;
  return 'The point that was chosen is not in this stretch of time, or was removed.';
}

function Listed({
  list,
  chosen,
  onChoose,
}: {
  readonly list: PointList;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}): ReactNode {
  return (
    <Sheet
      title={count(list.total, 'point')}
      aside={
        <span className="soft small">
          {list.points.length < list.total ? `the newest ${list.points.length.toLocaleString('en')} of them; ` : ''}
          asked {dayAndTime(list.at)}
        </span>
      }
    >
      {list.unanswered.map(({ store, ...problem }) => (
        <Trouble key={store} error={{ ...problem, message: `${store} did not answer: ${problem.message}` }} />
      ))}
      {list.damage.map(({ store, object, what }) => (
        <p key={`${store} ${object}`} className="bad">
          {store}: {object}: {what}
        </p>
      ))}
      <PointTable points={list.points} chosen={chosen} onChoose={onChoose} />
    </Sheet>
  );
}

function Summary({ reach, renewing }: { readonly reach: Reach; readonly renewing: boolean }): ReactNode {
  if (reach.points === 0 && renewing) return <p className="soft">No point is known yet; the stores are asked again.</p>;
  if (reach.points === 0)
    return <p className="bad strong">There is no point: if the source were gone now, everything would be lost.</p>;
  return (
    <p className="soft">
      {reach.points === 1
        ? `1 point of ${dayAndTime(reach.newestAt)}, ${formatBytes(reach.bytes)} restored, ${formatBytes(reach.storedBytes)} stored. `
        : `${count(reach.points, 'point')} from ${dayAndTime(reach.oldestAt)} to ${dayAndTime(reach.newestAt)}, the newest ${formatBytes(reach.bytes)} restored, all together ${formatBytes(reach.storedBytes)} stored. `}
      {reach.log
        ? 'Its log is kept: any moment in between can be asked for.'
        : 'No log is kept beside: what comes back is as a point has it.'}
    </p>
  );
}

function StretchChoice({
  stretch,
  onChange,
}: {
  readonly stretch: Stretch;
  readonly onChange: (stretch: Stretch) => void;
}): ReactNode {
  return (
    <span className="tabs" role="group" aria-label="Stretch of time">
      {([...Object.keys(stretches), 'all'] as Stretch[]).map((one) => (
        <button key={one} type="button" aria-pressed={one === stretch} onClick={() => onChange(one)}>
          {one === 'all' ? 'all' : one.replace('h', ' h').replace('d', ' d')}
        </button>
      ))}
    </span>
  );
}

function Legend(): ReactNode {
  const words = {
    proven: 'restored and checked',
    verified: 'every byte read back',
    unverified: 'not read back yet',
    damaged: 'read back, and not what was written',
  };
  return (
    <ul className="legend small">
      {Object.entries(words).map(([state, text]) => (
        <li key={state}>
          <svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">
            <path className={`mark ${state}`} d={shapes[state as Point['state']]} />
          </svg>{' '}
          <span className="strong">{state}</span> <span className="soft">{text}</span>
        </li>
      ))}
      <li>
        <svg width="12" height="12" viewBox="-6 -6 12 12" aria-hidden="true">
          <path className="mark held" d="M-5-5H5V5H-5Z" />
        </svg>{' '}
        <span className="strong">held</span> <span className="soft">kept whatever its age</span>
      </li>
    </ul>
  );
}

/** All of them where they can be told apart, else the shortest stretch that has them. */
function fitting({ oldestAt, points }: Reach): Stretch {
  if (points <= toldApart) return 'all';
  const ageMs = oldestAt === null ? 0 : nowMs() - Date.parse(oldestAt);
  const [shortest] = Object.entries(stretches).find(([, ms]) => ms >= ageMs) ?? ['7d'];
  return shortest as Stretch;
}

function useStretch(asset: string, stretch: Stretch) {
  return useQuery<PointList, ApiError>({
    queryKey: ['points', asset, stretch],
    queryFn: ({ signal }) => allPoints(asset, stretch, signal),
    placeholderData: keepPreviousData,
    refetchInterval: untilRenewed,
  });
}

async function allPoints(asset: string, stretch: Stretch, signal: AbortSignal): Promise<PointList> {
  const from = stretch === 'all' ? {} : { from: new Date(nowMs() - stretches[stretch]).toISOString() };
  let list = await api.points.list({ asset, limit: 1_000, ...from }, signal);
  while (list.next !== null && list.points.length < drawnMax) {
    const more = await api.points.list({ asset, limit: 1_000, ...from, cursor: list.next }, signal);
    list = { ...more, points: [...list.points, ...more.points] };
  }
  return list;
}
