import { works } from '../tool.ts';
import type { Result } from './results.ts';
import { seconds, titles } from './format.ts';

const width = 760;
const barHeight = 20;
const rowHeight = 26;
const titleHeight = 40;
const labelWidth = 150;
const valueWidth = 90;
const barsWidth = width - labelWidth - valueWidth - 20;

/** One panel of bars for each work: medians, with a line from the least to the most; each panel has its own scale. */
export function plot(results: readonly Result[]): string {
  const panels: string[] = [];
  let top = 10;
  for (const work of works) {
    const ofWork = results.filter((result) => result.work === work).sort((a, b) => a.seconds - b.seconds);
    if (ofWork.length === 0) continue;
    panels.push(panel(titles[work], ofWork, top));
    top += titleHeight + ofWork.length * rowHeight + 10;
  }
  const height = top + 10;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="13" fill="#1c2733">
<title id="title">Wall seconds of Lifeboat and its peers, by work; shorter is better</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`;
}

function panel(title: string, results: readonly Result[], top: number): string {
  const most = Math.max(...results.map(({ secondsMax }) => secondsMax), 0.001);
  const scale = (value: number): number => (value / most) * barsWidth;
  const bars = results.map((result, index) => bar(result, top + titleHeight + index * rowHeight, scale));
  return `<text x="10" y="${top + 24}" font-size="15" font-weight="600">${escape(title)}, s</text>\n${bars.join('\n')}`;
}

function bar(result: Result, y: number, scale: (value: number) => number): string {
  const ours = result.tool === 'lifeboat';
  const middle = y + barHeight / 2;
  const at = (value: number): string => (labelWidth + scale(value)).toFixed(1);
  const end = labelWidth + scale(result.secondsMax) + 8;
  return [
    `<text x="${labelWidth - 8}" y="${middle + 4}" text-anchor="end"${ours ? ' font-weight="600"' : ''}>${escape(result.tool)}</text>`,
    `<rect x="${labelWidth}" y="${y}" width="${Math.max(1, scale(result.seconds)).toFixed(1)}" height="${barHeight}" fill="${ours ? '#d55e00' : '#8fa3b5'}"/>`,
    `<line x1="${at(result.secondsMin)}" x2="${at(result.secondsMax)}" y1="${middle}" y2="${middle}" stroke="#1c2733" stroke-width="2"/>`,
    `<text x="${end.toFixed(1)}" y="${middle + 4}">${seconds(result.seconds)}</text>`,
  ].join('\n');
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
