/** What one command cost on a store of a size. */
export interface GrowthPoint {
  /** What grows from one to the next. */
  readonly axis: 'points' | 'bytes';
  readonly work: 'points' | 'backup' | 'restore' | 'prune';
  readonly points: number;
  readonly storedBytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

const colours: Readonly<Record<GrowthPoint['work'], string>> = {
  prune: '#d55e00',
  restore: '#0072b2',
  backup: '#009e73',
  points: '#566573',
};
const panel = { width: 400, height: 260, left: 60, top: 60, gap: 90 };

interface Axes {
  readonly title: string;
  readonly of: GrowthPoint['axis'];
  readonly x: (point: GrowthPoint) => number;
  readonly y: (point: GrowthPoint) => number;
}

const panels: readonly Axes[] = [
  { title: 'seconds by points', of: 'points', x: ({ points }) => points, y: ({ seconds }) => seconds },
  { title: 'MB of memory by points', of: 'points', x: ({ points }) => points, y: ({ peakBytes }) => peakBytes / 1e6 },
  {
    title: 'seconds by GB stored',
    of: 'bytes',
    x: ({ storedBytes }) => storedBytes / 1e9,
    y: ({ seconds }) => seconds,
  },
  {
    title: 'MB of memory by GB stored',
    of: 'bytes',
    x: ({ storedBytes }) => storedBytes / 1e9,
    y: ({ peakBytes }) => peakBytes / 1e6,
  },
];

/** Four panels of lines, both scales logarithmic: seconds and memory of each command, by points and by bytes. */
export function growthPlot(measured: readonly GrowthPoint[]): string {
  const width = 2 * (panel.left + panel.width) + panel.gap;
  const height = 2 * (panel.top + panel.height) + 60;
  const drawn = panels.map((axes, i) => {
    const x = (i % 2) * (panel.left + panel.width + panel.gap / 2) + panel.left;
    const y = Math.floor(i / 2) * (panel.top + panel.height) + panel.top;
    return `<g transform="translate(${x} ${y})">${drawPanel(
      axes,
      measured.filter(({ axis }) => axis === axes.of),
    )}</g>`;
  });
  const head = 'What commands cost as a store grows';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="12" fill="#1c2733">
<title id="title">${head}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${panel.left}" y="24" font-size="15" font-weight="600">${head}</text>
${drawn.join('\n')}
</svg>
`;
}

function drawPanel({ title, x, y }: Axes, measured: readonly GrowthPoint[]): string {
  if (measured.length === 0) return '';
  const across = scaleOf(measured.map(x), panel.width);
  const up = scaleOf(measured.map(y), panel.height);
  const lines = [...Map.groupBy(measured, ({ work }) => work)].map(([work, points]) => {
    const places = points.map((point) => ({ x: across(x(point)), y: panel.height - up(y(point)), value: y(point) }));
    const last = places.at(-1);
    return [
      `<polyline fill="none" stroke="${colours[work]}" stroke-width="2" points="${places.map((at) => `${at.x.toFixed(1)},${at.y.toFixed(1)}`).join(' ')}"/>`,
      ...places.map((at) => `<circle cx="${at.x.toFixed(1)}" cy="${at.y.toFixed(1)}" r="3" fill="${colours[work]}"/>`),
      `<text x="${((last?.x ?? 0) + 6).toFixed(1)}" y="${((last?.y ?? 0) + 4).toFixed(1)}" fill="${colours[work]}">${work} ${rounded(last?.value ?? 0)}</text>`,
    ].join('');
  });
  const ticks = [...new Set(measured.map(x))].map(
    (value) =>
      `<text x="${across(value).toFixed(1)}" y="${panel.height + 18}" text-anchor="middle">${rounded(value)}</text>`,
  );
  const [least, most] = [Math.min(...measured.map(y)), Math.max(...measured.map(y))];
  const sides = [least, most].map(
    (value) =>
      `<text x="-8" y="${(panel.height - up(value) + 4).toFixed(1)}" text-anchor="end">${rounded(value)}</text>`,
  );
  const frame = `<path d="M0 0V${panel.height}H${panel.width}" fill="none" stroke="#8fa3b5"/>`;
  return [`<text x="0" y="-12" font-weight="600">${title}</text>`, frame, ...lines, ...ticks, ...sides].join('\n');
}

/** Of the logarithm; room for the words at the end of a line is left. */
function scaleOf(values: readonly number[], length: number): (value: number) => number {
  const [least, most] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  const room = length * 0.8;
  return (value) => (most === least ? room / 2 : ((Math.log(value) - least) / (most - least)) * room + length * 0.02);
}

const rounded = (value: number): string =>
  value >= 10 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
