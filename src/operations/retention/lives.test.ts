import { describe, expect, it } from 'vitest';
import type { LogFork, LogListing, LogReader } from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';
import { livesOf } from './lives.ts';

const bases = [1, 2, 3].map((timeline) => ({ timeline, atMs: timeline * 100 }));
const fork = (timeline: number, at: number): LogFork => ({ timeline, at: BigInt(at) });
const log = { marks: async () => ({ commits: { count: 1, oldestMs: 1, newestMs: 150, newestEnd: 9n } }) };

/** The lives of a log with pieces of these timelines, and with these histories. */
const livesBy = (pieces: readonly number[], histories: Readonly<Record<number, readonly LogFork[]>>, isFed = true) =>
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
