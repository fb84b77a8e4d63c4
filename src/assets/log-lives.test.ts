import { describe, expect, it } from 'vitest';
import { LifeboatError, type ErrorCode } from '../core/index.ts';
import type { LogEnding, LogListing } from './index.ts';
import { newestLife } from './log-lives.ts';

const listing = (endings: readonly LogEnding[], end = 30n): LogListing => ({
  pieces: [
    { timeline: 1, start: 0n, end: 40n, storedBytes: 1 },
    { timeline: 2, start: 20n, end, storedBytes: 1 },
  ],
  histories: [2],
  clocks: [],
  endings,
});
const sound = { ending: async () => {} };
const failing = (code: ErrorCode) => ({
  ending: async () => {
    throw new LifeboatError(code, 'an ending');
  },
});

describe('the life that a log goes on with', () => {
  it('is the newest, also where an older one, that nobody stopped, went on', async () => {
    expect(await newestLife(sound, listing([]))).toBe(2);
  });

  it('is the one that people went back to, until somebody lives on the one that they went back from', async () => {
    const ended = [{ timeline: 2, position: 30n }];
    expect(await newestLife(sound, listing(ended))).toBe(1);
    expect(await newestLife(sound, listing(ended, 31n))).toBe(2);
  });

  it('is the newest where people went back from all that are there', async () => {
    const all = [1, 2].map((timeline) => ({ timeline, position: 99n }));
    expect(await newestLife(sound, listing(all))).toBe(2);
  });

  it('is not guessed where an ending is only a name; one that was taken back meanwhile is none', async () => {
    const ended = [{ timeline: 2, position: 30n }];
    await expect(newestLife(failing('repository.damaged'), listing(ended))).rejects.toMatchObject({
      code: 'repository.damaged',
      hint: expect.stringContaining('--timeline 1 or --timeline 2'),
    });
    expect(await newestLife(failing('repository.incomplete'), listing(ended))).toBe(2);
  });
});
