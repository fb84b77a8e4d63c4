import type { LogFork } from '../log.ts';

/** Positions in PostgreSQL's log as people and file names write them. */

/** `16/B374D848`. */
export const lsnText = (value: bigint): string =>
  `${(value >> 32n).toString(16).toUpperCase()}/${(value & 0xffffffffn).toString(16).toUpperCase()}`;

/** `000000010000001600000002`: the segment that holds the position. */
export function segmentName(timeline: number, position: bigint, segmentBytes: number): string {
  const perFile = 2n ** 32n / BigInt(segmentBytes);
  const number = position / BigInt(segmentBytes);
  return [BigInt(timeline), number / perFile, number % perFile]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** Where a segment of that name starts; `undefined` for any other name. */
export function segmentOfName(name: string, segmentBytes: number): { timeline: number; start: bigint } | undefined {
  const parts = /^([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})$/.exec(name);
  if (parts === null) return undefined;
  const [timeline, high, low] = parts.slice(1).map((part) => Number.parseInt(part, 16)) as [number, number, number];
  const perFile = 2 ** 32 / segmentBytes;
  if (low >= perFile || timeline === 0) return undefined;
  return { timeline, start: (BigInt(high) * BigInt(perFile) + BigInt(low)) * BigInt(segmentBytes) };
}

/** `00000002.history`: how the timeline came to be. */
export const historyName = (timeline: number): string =>
  `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`;

export const floorTo = (position: bigint, bytes: number): bigint => position - (position % BigInt(bytes));

/** The lines of a history file, oldest first. */
export function forksOf(history: string): LogFork[] {
  return history.split('\n').flatMap((line) => {
    const [, timeline, high, low] = /^\s*(\d+)\s+([0-9A-Fa-f]+)\/([0-9A-Fa-f]+)/.exec(line) ?? [];
    if (timeline === undefined) return [];
    return [{ timeline: Number(timeline), at: (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`) }];
  });
}
