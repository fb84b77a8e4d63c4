import { describe, expect, it } from 'vitest';
import type { LogFork, LogListing, LogMarks, LogReader } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
import { livesOf } from './lives.ts';

const bases = [1, 2, 3].map((timeline) => ({ timeline, start: 0n, atMs: timeline * 100 }));
const fork = (timeline: number, at: number): LogFork => ({ timeline, at: BigInt(at) });
const log = {
  ending: async () => {},
  marks: async () => ({ commits: { count: 1, oldestMs: 1, newestMs: 150, newestEnd: 9n } }),
};

/** The lives of a log with pieces of these timelines, and with these histories. */
const livesBy = (
  pieces: readonly number[],
  histories: Readonly<Record<number, readonly LogFork[]>>,
  isFed = true,
  endings: LogListing['endings'] = [],
) =>
  livesOf(
    {
      forksOf: async (_, timeline) => {
        const forks = timeline === 1 ? [] : histories[timeline];
        if (forks === undefined) throw new LifeboatError('repository.incomplete', `history ${timeline} is missing`);
        return forks;
      },
    },
    log as unknown as LogReader,
    {
      listing: {
        pieces: pieces.map((timeline) => ({ timeline, start: 0n, end: 10n, storedBytes: 1 })),
        histories: Object.keys(histories).map(Number),
        clocks: [],
        endings,
      } satisfies LogListing,
      bases,
      isFed,
    },
  );

describe('a timeline that the log has no history of', () => {
  it('came to be as the history of one that came from it says', async () => {
    expect(await livesBy([1, 2, 3], { 3: [fork(1, 20), fork(2, 30)] })).toEqual([
      { timeline: 1, forks: [], lastMs: 150 },
      { timeline: 2, forks: [fork(1, 20)], lastMs: 200 },
      { timeline: 3, forks: [fork(1, 20), fork(2, 30)], lastMs: undefined },
    ]);
  });

  it('and no piece, is that of points which stand for themselves: a left life of which no log was ever stored keeps nothing for ever', async () => {
    expect((await livesBy([1, 3], { 3: [fork(1, 20)] }))[1]).toEqual({ timeline: 2, forks: [], lastMs: 200 });
  });

  it('and no piece, is not known while it is the newest and its history may still come, and stands for itself where no log comes any more', async () => {
    await expect(livesBy([1], {})).rejects.toMatchObject({ code: 'repository.incomplete' });
    expect(await livesBy([1], {}, false)).toEqual([
      { timeline: 1, forks: [], lastMs: 150 },
      { timeline: 2, forks: [], lastMs: 200 },
      { timeline: 3, forks: [], lastMs: undefined },
    ]);
  });

  it('and pieces, or that is the newest, is not known: whoever asks takes nothing then', async () => {
    const unknown = { code: 'repository.incomplete' };
    await expect(livesBy([1, 2, 3], { 3: [fork(1, 20)] })).rejects.toMatchObject(unknown);
    await expect(livesBy([1, 2], { 2: [fork(1, 20)] })).rejects.toMatchObject(unknown);
  });
});

describe('the life that people went back to', () => {
  it('is the one that goes on, however long ago its log ended: what leads to it stays', async () => {
    const ended = [{ timeline: 3, position: 10n }];
    expect(await livesBy([1, 2, 3], { 2: [fork(1, 20)], 3: [fork(1, 30)] }, true, ended)).toEqual([
      { timeline: 1, forks: [], lastMs: 150 },
      { timeline: 2, forks: [fork(1, 20)], lastMs: undefined },
      { timeline: 3, forks: [fork(1, 30)], lastMs: 300, hasEnded: true },
    ]);
  });
});

describe('the latest moment of a left timeline whose last pieces hold no commit', () => {
  const segments = Array.from({ length: 30 }, (_, index) => ({
    timeline: 1,
    start: BigInt(index * 10),
    end: BigInt(index * 10 + 10),
    storedBytes: 1,
  }));
  let isForged = false;
  const lastOf = async (
    { clocks = [], base }: { clocks?: LogListing['clocks']; base?: { start: bigint; atMs: number } },
    marks: (start: bigint) => LogMarks = () => ({}),
  ): Promise<number | undefined> => {
    const lives = await livesOf(
      { forksOf: async (_, timeline) => (timeline === 1 ? [] : [fork(1, 300)]) },
      {
        marks: async ({ start }: { start: bigint }) => marks(start),
        clock: async () => {
          if (isForged) throw new LifeboatError('repository.damaged', 'a clock is only a name');
        },
      } as unknown as LogReader,
      {
        listing: { pieces: segments, histories: [2], clocks, endings: [] },
        bases: [
          { timeline: 1, start: 0n, atMs: 5, ...base },
          { timeline: 2, start: 300n, atMs: 900 },
        ],
        isFed: true,
      },
    );
    return lives[0]?.lastMs;
  };

  it('is what a clock, a point or a mark says of log behind all that is not looked into: such a log does not stay for ever', async () => {
    expect(await lastOf({ clocks: [{ timeline: 1, position: 300n, atMs: 500 }] })).toBe(500);
    expect(await lastOf({ clocks: [{ timeline: 1, position: 140n, atMs: 400 }] })).toBe(400);
    expect(await lastOf({ base: { start: 140n, atMs: 300 } })).toBe(300);
    expect(await lastOf({}, (start) => (start === 150n ? { completeToMs: 200 } : {}))).toBe(200);
    expect(await lastOf({}, (start) => (start === 150n ? { names: [{ name: 'n', at: 151n, atMs: 250 }] } : {}))).toBe(
      250,
    );
  });

  it('is not known where they speak of earlier log only, or are forged: what is not looked into may hold later commits', async () => {
    expect(await lastOf({})).toBe(undefined);
    expect(await lastOf({ clocks: [{ timeline: 1, position: 139n, atMs: 400 }] })).toBe(undefined);
    expect(await lastOf({ clocks: [{ timeline: 2, position: 300n, atMs: 400 }] })).toBe(undefined);
    expect(await lastOf({ base: { start: 139n, atMs: 300 } })).toBe(undefined);
    isForged = true;
    expect(await lastOf({ clocks: [{ timeline: 1, position: 300n, atMs: 500 }] })).toBe(undefined);
  });
});
