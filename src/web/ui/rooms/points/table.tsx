import { useState, type ReactNode } from 'react';
import type { Point } from '../../../../api/contract/index.ts';
import { useNow } from '../../data/clock.ts';
import { ago, dayAndTime, formatBytes } from '../../data/words.ts';
import { Link } from '../../frame/route.tsx';
import { Word } from '../../parts/parts.tsx';

const page = 50;

export function PointTable({
  points,
  chosen,
  onChoose,
}: {
  readonly points: readonly Point[];
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}): ReactNode {
  const [shown, setShown] = useState(page);
  const now = useNow(10_000);
  const age = (at: string | null): string => ago(at === null ? null : (now - Date.parse(at)) / 1000);
  if (points.length === 0) return <p className="empty">There is no point in this stretch of time.</p>;
  return (
    <>
      <table className="cards">
        <thead>
          <tr>
            <th>Data of</th>
            <th>State</th>
            <th>Verified</th>
            <th>Proven</th>
            <th className="number">Restored</th>
            <th className="number">New in the store</th>
            <th>Stores</th>
            <th>
              <span className="hidden">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {points.slice(0, shown).map((point) => (
            <tr
              key={point.id}
              className={`link ${point.id === chosen ? 'chosen' : ''}`}
              onClick={() => onChoose(point.id)}
            >
              <th scope="row" className="nowrap">
                {dayAndTime(point.at)}
              </th>
              <td data-label="State">
                <span className="row">
                  <Word of={point.state} />
                  {point.held ? <span className="tag">held</span> : null}
                </span>
              </td>
              <td data-label="Verified">{age(point.verifiedAt)}</td>
              <td data-label="Proven">{age(point.provenAt)}</td>
              <td data-label="Restored" className="number">
                {formatBytes(point.bytes)}
              </td>
              <td data-label="New in the store" className="number">
                {formatBytes(point.storedBytes)}
              </td>
              <td data-label="Stores">
                {point.stores.map((store) => (
                  <span
                    key={store}
                    className={`tag ${point.damagedIn.some((one) => one.store === store) ? 'bad' : ''}`}
                  >
                    {store}
                    {point.damagedIn.some((one) => one.store === store) ? ' damaged' : ''}
                  </span>
                ))}
              </td>
              <td className="number">
                <Link
                  to={`/restore?asset=${encodeURIComponent(point.asset)}&point=${point.id}`}
                  aria-label={`Restore ${point.asset} of ${dayAndTime(point.at)}`}
                >
                  Restore
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {points.length <= shown ? null : (
        <button type="button" className="button plain" onClick={() => setShown(shown + 4 * page)}>
          Show more
        </button>
      )}
    </>
  );
}
