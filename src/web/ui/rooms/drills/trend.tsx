import type { ReactNode } from 'react';
import type { DrillResult } from '../../../../api/contract/index.ts';
import { count, dayAndTime, formatDuration, seconds } from '../../data/words.ts';

const width = 420;
const height = 120;
const pad = { left: 8, right: 8, top: 14, bottom: 10 };
const shownMax = 40;

/** One figure over the drills, the newest at the right; the line across is the target of the newest. */
export function Trend({
  title,
  results,
  value,
  target,
}: {
  readonly title: string;
  readonly results: readonly DrillResult[];
  readonly value: (result: DrillResult) => number | null;
  readonly target: (result: DrillResult) => number | null;
}): ReactNode {
  const shown = results.slice(0, shownMax).toReversed();
  const limit = target(results[0] as DrillResult);
  const values = shown.flatMap((one) => value(one) ?? []);
  const top = Math.max(...values, limit === null ? 0 : limit * 1.15, 0.001);
  const left = (at: number): number =>
    pad.left + (shown.length === 1 ? 0.5 : at / (shown.length - 1)) * (width - pad.left - pad.right);
  const y = (of: number): number => height - pad.bottom - (of / top) * (height - pad.top - pad.bottom);
  const last = shown.at(-1);
  const dots = shown.flatMap((one, at) => {
    const of = value(one);
    return of === null ? [] : [{ one, x: left(at), y: y(of), of }];
  });
  return (
    <figure className="trend">
      <figcaption className="row between">
        <span>
          <span className="strong">{title}</span>{' '}
          <span className="soft small">
            over {count(shown.length, 'drill')}
            {limit === null ? ', no target' : `, target ${seconds(limit)}`}
          </span>
        </span>
        <span className="strong">{last === undefined ? '' : seconds(value(last))}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${title}: ${dots.map(({ of }) => formatDuration(of * 1000)).join(', ')}`}
      >
        <line className="base" x1={0} x2={width} y1={height - pad.bottom} y2={height - pad.bottom} />
        {limit === null ? null : <line className="limit" x1={0} x2={width} y1={y(limit)} y2={y(limit)} />}
        <polyline className="curve" points={dots.map((dot) => `${dot.x},${dot.y}`).join(' ')} />
        {dots.map((dot) => (
          <circle
            key={dot.one.run}
            className={limit !== null && dot.of > (target(dot.one) ?? Infinity) ? 'over' : ''}
            cx={dot.x}
            cy={dot.y}
            r={4}
          >
            <title>{`${dayAndTime(dot.one.at)}: ${formatDuration(dot.of * 1000)}, ${dot.one.verdict}`}</title>
          </circle>
        ))}
      </svg>
    </figure>
  );
}
