import { isOurs, works } from '../tool.ts';
import { megabytes, seconds, titles } from './format.ts';
import type { Result } from './results.ts';

const width = 960;
const barHeight = 20;
const rowHeight = 26;
const titleHeight = 40;
const headHeight = 58;
const labelWidth = 170;
const valueWidth = 80;
const columnWidth = 90;
const margin = 20;
const barsWidth = width - labelWidth - valueWidth - 2 * columnWidth - margin;

/**
 * One panel of bars for each work: medians, with a line from the least to the most, and beside them memory and stored bytes;
 * each panel has its own scale. `caption`: where and when it was measured.
 */
export function plot(results: readonly Result[], caption: string): string {
  const panels: string[] = [];
  let top = headHeight;
  for (const work of works) {
    const ofWork = results.filter((result) => result.work === work).sort((a, b) => a.seconds - b.seconds);
    if (ofWork.length === 0) continue;
    panels.push(panel(titles[work], ofWork, top));
    top += titleHeight + ofWork.length * rowHeight + 10;
  }
  const height = top + 10;
  const head = 'Wall seconds of Lifeboat and its peers, by work; shorter is better';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="13" fill="#1c2733">
<title id="title">${head}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="10" y="24">${head}. Bars are medians, lines go from the least to the most.</text>
<text x="10" y="44" fill="#566573">${escape(caption)}</text>
${panels.join('\n')}
</svg>
`;
}

function panel(title: string, results: readonly Result[], top: number): string {
  const most = Math.max(...results.map(({ secondsMax }) => secondsMax), 0.001);
  const scale = (value: number): number => (value / most) * barsWidth;
  const bars = results.map((result, index) => bar(result, top + titleHeight + index * rowHeight, scale));
  const heads = [
    cell('memory', 1, top + 24, ' fill="#566573"'),
    ...(results.some(({ storedBytes }) => storedBytes !== null)
      ? [cell('stored', 0, top + 24, ' fill="#566573"')]
      : []),
  ];
  return `<text x="10" y="${top + 24}" font-size="15" font-weight="600">${escape(title)}</text>\n${[...heads, ...bars].join('\n')}`;
}

function bar(result: Result, y: number, scale: (value: number) => number): string {
  const ours = isOurs(result.tool);
  const middle = y + barHeight / 2;
  const at = (value: number): string => (labelWidth + scale(value)).toFixed(1);
  const end = labelWidth + scale(result.secondsMax) + 8;
  return [
    `<text x="${labelWidth - 8}" y="${middle + 4}" text-anchor="end"${ours ? ' font-weight="600"' : ''}>${escape(result.tool)}</text>`,
    `<rect x="${labelWidth}" y="${y}" width="${Math.max(1, scale(result.seconds)).toFixed(1)}" height="${barHeight}" fill="${ours ? '#d55e00' : '#8fa3b5'}"/>`,
    `<line x1="${at(result.secondsMin)}" x2="${at(result.secondsMax)}" y1="${middle}" y2="${middle}" stroke="#1c2733" stroke-width="2"/>`,
    `<text x="${end.toFixed(1)}" y="${middle + 4}">${seconds(result.seconds)} s</text>`,
    cell(`${megabytes(result.peakBytes)} MB`, 1, middle + 4),
    ...(result.storedBytes === null ? [] : [cell(`${megabytes(result.storedBytes)} MB`, 0, middle + 4)]),
  ].join('\n');
}

/** `fromRight`: 0 is the last column. */
const cell = (text: string, fromRight: number, y: number, more = ''): string =>
  `<text x="${width - margin - fromRight * columnWidth}" y="${y}" text-anchor="end"${more}>${text}</text>`;

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
