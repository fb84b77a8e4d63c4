import { expect, it } from 'vitest';
import type { LogListing, LogReader, StoredRange } from '../../log.ts';
import { chooseWay, startsOf } from './choose-way.ts';

const histories = ['', '', '1\t0/14\tx\n', '1\t0/14\tx\n2\t0/28\ty\n'];
const log = {
  history: async (timeline: number) => histories[timeline],
  ending: async () => {},
  read: async ({ start, end }: StoredRange) => Buffer.alloc(Number(end - start)),
} as unknown as LogReader;
const listing: LogListing = {
  pieces: [
    { timeline: 1, start: 0n, end: 60n, storedBytes: 1 },
    { timeline: 2, start: 0n, end: 50n, storedBytes: 1 },
    { timeline: 3, start: 0n, end: 70n, storedBytes: 1 },
  ],
  histories: [2, 3],
  clocks: [],
  endings: [{ timeline: 2, position: 50n }],
};
const starts = startsOf(
  [
    { timeline: 1, end: 30n },
    { timeline: 2, end: 30n },
    { timeline: 2, end: 45n },
  ].map((place, index) => ({ id: `${place.timeline} at ${place.end}`, atMs: index, facts: place })),
  (facts) => ({ source: 's', start: 0n, timeline: Number(facts['timeline']), end: BigInt(Number(facts['end'])) }),
);
const idsBy = async (endings: LogListing['endings'], pieces = listing.pieces): Promise<string[]> =>
  (await chooseWay(log, { ...listing, pieces, endings }, starts, { kind: 'now' })).starts.map(({ base }) => base.id);

it('the points of a life that people went back from count where the life that goes on came of it after all', async () => {
  expect(await idsBy(listing.endings)).toEqual(['1 at 30', '2 at 30']);
});

it('of a life that people went back from no point counts where another goes on', async () => {
  expect(await idsBy(listing.endings, listing.pieces.slice(0, 2))).toEqual(['1 at 30']);
});

it('no point leads over a timeline whose number another life has in the log', async () => {
  const other = { ...log, history: async (timeline: number) => (timeline === 2 ? '1\t0/13\tx\n' : histories[3]) };
  const { way } = await chooseWay(other as unknown as LogReader, listing, starts, { kind: 'now' });
  expect(way).toMatchObject({ timeline: 3, forks: [], begins: 40n });
});

it('no point leads over a fork before which the two timelines say something else: the server that wrote the later one had been put back', async () => {
  const read = async ({ timeline, start, end }: StoredRange) =>
    Buffer.alloc(Number(end - start), timeline === 1 ? 1 : 2);
  const { way } = await chooseWay({ ...log, read } as unknown as LogReader, listing, starts, { kind: 'now' });
  expect(way).toMatchObject({ timeline: 3, forks: [{ timeline: 2, at: 40n }], begins: 20n });
});
