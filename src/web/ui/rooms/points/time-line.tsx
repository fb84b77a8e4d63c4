import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import type { Point } from '../../../../api/contract/index.ts';
import { dayAndTime } from '../../data/words.ts';
import { choiceBy, type Choice } from './choice.ts';
import { shapes } from './shapes.ts';

interface TimeLineProperties {
  /** Newest first. */
  readonly points: readonly Point[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly chosen: string | undefined;
  /** A log is kept: what lies between points can be restored too. */
  readonly log: boolean;
  readonly onChoose: (choice: Choice) => void;
}

const height = 92;
const side = 10;
/** Half of `06:44:14`. */
const tickHalf = 32;
const lineY = 46;
/** Points nearer to each other than this share a place, which shows damage before all, then the best that was proved. */
const apart = 7;
const first: readonly Point['state'][] = ['damaged', 'proven', 'verified', 'unverified'];

/** One asset on a line of time. Pressed anywhere it chooses the newest point up to there; arrows go from point to point. */
export function TimeLine(properties: TimeLineProperties): ReactNode {
  const { points, fromMs, toMs, chosen, log, onChoose } = properties;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const x = (ms: number): number => side + ((ms - fromMs) / Math.max(1, toMs - fromMs)) * (width - 2 * side);
  const places = useMemo(() => gathered(points, (at) => x(Date.parse(at))), [points, fromMs, toMs, width]);
  const at = points.findIndex(({ id }) => id === chosen);
  const point = points[at];
  const oldest = points.at(-1);
  const press = (event: PointerEvent<SVGSVGElement>): void => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left + apart / 2;
    const found = points.find((one) => x(Date.parse(one.at)) <= left) ?? oldest;
    if (found !== undefined) onChoose({ id: found.id });
  };
  const move = (event: KeyboardEvent): void => {
    const choice = choiceBy(event.key, points, chosen);
    if (choice === undefined) return;
    event.preventDefault();
    onChoose(choice);
  };
  return (
    <div
      ref={frame}
      className="time-line"
      role="slider"
      tabIndex={0}
      aria-label="Points in time"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, points.length - 1)}
      aria-valuenow={at < 0 ? 0 : points.length - 1 - at}
      aria-valuetext={point === undefined ? 'none is chosen' : `${dayAndTime(point.at)}, ${point.state}`}
      onKeyDown={move}
    >
      <svg width={width} height={height} onPointerDown={press} aria-hidden="true">
        <line className="track" x1={side} x2={width - side} y1={lineY} y2={lineY} />
        {log && oldest !== undefined ? (
          <line className="log" x1={Math.max(side, x(Date.parse(oldest.at)))} x2={width - side} y1={lineY} y2={lineY} />
        ) : null}
        {ticks(fromMs, toMs, width).map(({ ms, text }) => (
          <g key={ms} transform={`translate(${x(ms)} 0)`}>
            <line className="tick" y1={lineY + 14} y2={lineY + 19} />
            <text className="tick-text" y={height - 14} textAnchor={anchorAt(x(ms), width)}>
              {text}
            </text>
          </g>
        ))}
        {places.map(({ left, state, held, many }) => (
          <g key={left} transform={`translate(${left} ${lineY})`}>
            {held ? <path className="mark held" d="M-7-7H7V7H-7Z" /> : null}
            <path className={`mark ${state}`} d={shapes[state]} />
            {many > 1 ? <line className="many" y1={-9} y2={-9 - Math.min(20, Math.log2(many) * 4)} /> : null}
          </g>
        ))}
        {point === undefined ? null : (
          <g transform={`translate(${placeOf(x(Date.parse(point.at)))} 0)`}>
            <line className="chosen" y1={6} y2={lineY + 14} />
            <path className="chosen-head" d="M-6 0H6L0 9Z" />
          </g>
        )}
      </svg>
    </div>
  );
}

interface Gathered {
  readonly left: number;
  readonly state: Point['state'];
  readonly held: boolean;
  readonly many: number;
}

/** Where the mark of a point stands: what is chosen stands above it. */
const placeOf = (left: number): number => Math.round(left / apart) * apart;

/** Thousands of points are as many marks as there is room for. */
function gathered(points: readonly Point[], x: (at: string) => number): Gathered[] {
  const places = new Map<number, Gathered>();
  for (const { at, state, held } of points) {
    const left = placeOf(x(at));
    const before = places.get(left);
    const tells = before === undefined || first.indexOf(state) < first.indexOf(before.state);
    places.set(left, {
      left,
      state: tells ? state : before.state,
      held: held || before?.held === true,
      many: (before?.many ?? 0) + 1,
    });
  }
  return [...places.values()];
}

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;
const steps = [
  ...[1, 2, 5, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 7200, 10_080, 20_160, 43_200].map((minutes) => minutes * minuteMs),
];

/** Moments with round names, so far apart that their words do not touch. */
function ticks(fromMs: number, toMs: number, width: number): { ms: number; text: string }[] {
  const many = Math.max(1, Math.floor(width / 110));
  const step = steps.find((one) => (toMs - fromMs) / one <= many) ?? (toMs - fromMs) / many;
  const zoneMs = new Date(toMs).getTimezoneOffset() * minuteMs;
  const start = Math.ceil((fromMs - zoneMs) / step) * step + zoneMs;
  const found: { ms: number; text: string }[] = [];
  for (let ms = start; ms <= toMs; ms += step) {
    const text = dayAndTime(ms);
    const clock = text.slice(11, step < minuteMs ? 19 : 16);
    found.push({ ms, text: step >= dayMs ? text.slice(5, 10) : clock });
  }
  return found;
}

/** Words at an end of the line stay on it. */
const anchorAt = (left: number, width: number): 'start' | 'middle' | 'end' => {
  if (left < tickHalf) return 'start';
  return left > width - tickHalf ? 'end' : 'middle';
};

function useWidth(frame: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const shown = frame.current;
    if (shown === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(shown.clientWidth));
    observer.observe(shown);
    return () => observer.disconnect();
  }, [frame]);
  return width;
}
