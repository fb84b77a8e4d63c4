import { sentenceDuration } from '../words.ts';
import type { AssetSurvival, Survival } from './survival.ts';

const colours = {
  ink: '#1b2733',
  soft: '#5b6b7a',
  line: '#d5dde4',
  good: '#1e7d4f',
  goodBack: '#e3f3ea',
  bad: '#b3261e',
  badBack: '#fbe7e5',
  warn: '#8a5a00',
  warnBack: '#fdf1d8',
  still: '#f4f6f8',
};
const size = { rowPx: 44, headPx: 118, namePx: 250, cellPx: 118, verdictPx: 330, marginPx: 24 };
/** More columns than this are no picture any more; the table has them all. */
const assetsMax = 12;
const rowsMax = 60;

/**
 * What each loss leaves, as one SVG image: a row for each scenario and domain, a column for each asset, and whether the way back
 * closes. Colours are never alone: every cell says in words what it means.
 */
export function survivalPicture(plan: string, survivals: readonly Survival[]): string {
  const rows = survivals.slice(0, rowsMax);
  const assets = [...new Set(rows.flatMap((row) => row.assets.filter(({ lost }) => lost).map(({ asset }) => asset)))];
  const shown = assets.slice(0, assetsMax);
  const width = size.marginPx * 2 + size.namePx + shown.length * size.cellPx + size.verdictPx;
  const height = size.headPx + rows.length * size.rowPx + 84;
  const parts = [
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(size.marginPx, 36, `What each loss leaves: ${plan}`, { size: 20, weight: 600 }),
    text(
      size.marginPx,
      60,
      'In each cell the freshest store that is left, and how old its newest point can be at worst.',
      { colour: colours.soft },
    ),
    ...heads(shown),
    ...rows.flatMap((row, index) => rowParts(row, shown, size.headPx + index * size.rowPx, width)),
    ...legend(height - 34, survivals.length - rows.length, assets.length - shown.length),
  ];
  const title = `<title>What each loss leaves: ${escape(plan)}</title>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13">\n${title}\n${parts.join('\n')}\n</svg>\n`;
}

const columnAt = (index: number): number => size.marginPx + size.namePx + index * size.cellPx;

function heads(assets: readonly string[]): string[] {
  const y = size.headPx - 14;
  return [
    text(size.marginPx, y, 'Lost', { colour: colours.soft }),
    ...assets.map((asset, index) => text(columnAt(index) + 8, y, clipped(asset, 13), { weight: 600 })),
    text(columnAt(assets.length) + 12, y, 'Way back', { colour: colours.soft }),
  ];
}

function rowParts(row: Survival, assets: readonly string[], y: number, width: number): string[] {
  const what = row.kind === 'scenario' ? `scenario · loses ${row.loses.join(', ') || 'assets only'}` : 'domain';
  return [
    `<line x1="${size.marginPx}" y1="${y}" x2="${width - size.marginPx}" y2="${y}" stroke="${colours.line}"/>`,
    text(size.marginPx, y + 19, clipped(row.name, 32), { weight: 600 }),
    text(size.marginPx, y + 35, clipped(what, 40), { size: 11, colour: colours.soft }),
    ...assets.flatMap((asset, index) =>
      cell(
        row.assets.find((one) => one.asset === asset),
        columnAt(index),
        y,
      ),
    ),
    ...verdict(row, columnAt(assets.length) + 12, y),
  ];
}

function cell(asset: AssetSurvival | undefined, x: number, y: number): string[] {
  const box = (fill: string): string =>
    `<rect x="${x + 2}" y="${y + 4}" width="${size.cellPx - 4}" height="${size.rowPx - 8}" rx="5" fill="${fill}"/>`;
  const two = (fill: string, colour: string, first: string, second: string): string[] => [
    box(fill),
    text(x + 10, y + 20, clipped(first, 15), { colour, weight: 600, size: 12 }),
    text(x + 10, y + 34, clipped(second, 17), { colour, size: 11 }),
  ];
  if (asset === undefined)
    return [box(colours.still), text(x + 10, y + 27, 'untouched', { colour: colours.soft, size: 11 })];
  const [best] = asset.left;
  if (!asset.lost) {
    const copies = asset.left.length;
    if (copies === 0) return two(colours.warnBack, colours.warn, 'unprotected', 'no copy is left');
    return two(colours.still, colours.soft, 'untouched', `${copies} ${copies === 1 ? 'copy' : 'copies'} left`);
  }
  if (best === undefined) return two(colours.badBack, colours.bad, 'lost for good', 'no copy is left');
  if (best.worstMs === undefined) return two(colours.warnBack, colours.warn, best.store, 'no schedule');
  const late = asset.rpoMs !== undefined && best.worstMs > asset.rpoMs;
  return two(
    late ? colours.warnBack : colours.goodBack,
    late ? colours.warn : colours.good,
    best.store,
    `≤ ${sentenceDuration(best.worstMs)}${late ? ' > RPO' : ''}`,
  );
}

function verdict(row: Survival, x: number, y: number): string[] {
  const anyLost = row.assets.some(({ lost }) => lost);
  const time =
    row.stepsMs === undefined
      ? ''
      : ` · ${sentenceDuration(row.stepsMs)}${row.rtoMs === undefined ? '' : ` of ${sentenceDuration(row.rtoMs)}`}`;
  if (row.closes) {
    const way = row.path === undefined ? 'nothing to bring back' : `by ${row.path}${time}`;
    return [
      text(x, y + 19, anyLost ? '✓ closes' : '✓ nothing is lost for good', { colour: colours.good, weight: 600 }),
      text(x, y + 35, clipped(way, 48), { size: 11, colour: colours.soft }),
    ];
  }
  const more = row.gaps.length > 1 ? ` (and ${row.gaps.length - 1} more)` : '';
  return [
    text(x, y + 19, `✗ does not close${row.path === undefined ? '' : ` · ${row.path}`}`, {
      colour: colours.bad,
      weight: 600,
    }),
    text(x, y + 35, clipped(`${row.gaps[0] ?? ''}${more}`, 54), { size: 11, colour: colours.bad }),
  ];
}

function legend(y: number, rowsLeft: number, assetsLeft: number): string[] {
  const left = [
    ...(rowsLeft > 0 ? [`${rowsLeft} more rows`] : []),
    ...(assetsLeft > 0 ? [`${assetsLeft} more assets`] : []),
  ];
  const note = left.length === 0 ? '' : ` Not shown: ${left.join(', ')}; the table has all.`;
  return [
    text(size.marginPx, y, `By the plan alone: what is promised, not what was proved.${note}`, {
      size: 11,
      colour: colours.soft,
    }),
  ];
}

interface TextStyle {
  readonly size?: number;
  readonly weight?: number;
  readonly colour?: string;
}

const text = (
  x: number,
  y: number,
  words: string,
  { size: px = 13, weight = 400, colour = colours.ink }: TextStyle = {},
): string =>
  `<text x="${x}" y="${y}" font-size="${px}" font-weight="${weight}" fill="${colour}">${escape(words)}</text>`;

const clipped = (words: string, most: number): string =>
  words.length <= most ? words : `${words.slice(0, most - 1)}…`;

const escape = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
