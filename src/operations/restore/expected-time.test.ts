import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { openJournal, type Journal } from '../../journal/index.ts';
import type { Workspace } from '../contract.ts';
import { expectedTime } from './expected-time.ts';

const megabyte = 2 ** 20;
let folder: string;
let journal: Journal;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-expected-'));
  journal = openJournal(join(folder, 'journal'), { clock: systemClock, host: 'here' });
});
afterEach(async () => {
  journal.close();
  await rm(folder, { recursive: true });
});

const restored = (data: Record<string, unknown>): void =>
  void journal.append('restore.finished', { asset: 'orders', bytes: 100 * megabyte, ...data });
const expected = (bytes: number, logBytes: number, asset = 'orders') =>
  expectedTime({ journal } as unknown as Workspace, asset, bytes, logBytes);

describe('how long a restore is expected to take', () => {
  it('is not known before there was one of the same asset', () => {
    restored({ seconds: 10 });
    expect(expected(1, 0, 'users')).toBeUndefined();
  });

  const replayed = { bytes: 50 * megabyte, seconds: 7 };

  it('is judged by what the parts of the last one took: the point by its size, the start as it was, the log by what was replayed', () => {
    restored({ seconds: 20, parts: { write: 10, start: 8 }, replayed });
    expect(expected(200 * megabyte, 100 * megabyte)?.seconds).toBe(20 + 4 + 1 + 14);
    // However little log there is, a server takes its time to start.
    expect(expected(100 * megabyte, 5 * megabyte)?.seconds).toBeCloseTo(10 + 2 + 1 + 0.7);
    expect(expected(100 * megabyte, 0)?.seconds).toBe(10 + 2 + 1);
    expect(expected(100 * megabyte, 0)?.from).toMatch(/^by the restore of 20.*: 105 MB and 52 MB of log in 20 s$/);
  });

  it('knows the rate of the log from the last restore that replayed enough to tell', () => {
    restored({ seconds: 20, parts: { write: 10, start: 8 }, replayed });
    restored({ seconds: 11, parts: { write: 10, start: 1 }, replayed: { bytes: 1000, seconds: 0.5 } });
    const found = expected(100 * megabyte, 100 * megabyte);
    expect(found?.seconds).toBe(10 + 0.5 + 14);
    expect(found?.from).toMatch(/ in 11 s; 52 MB of log in 7.0? s before$/);
  });

  it('does not tell a long replay by a short one, of which most is what each of them takes', () => {
    restored({ seconds: 20, parts: { write: 10, start: 8 }, replayed });
    restored({ seconds: 14, parts: { write: 10, start: 3 }, replayed: { bytes: 2 * megabyte, seconds: 2 } });
    expect(expected(100 * megabyte, 150 * megabyte)?.seconds).toBe(10 + 1 + 1 + 21);
    expect(expected(100 * megabyte, 400 * megabyte)).toEqual({
      seconds: 10 + 1 + 1,
      from: expect.stringMatching(/; the replay of 419 MB of log was never measured and is not in it$/) as string,
    });
    expect(expected(100 * megabyte, 4 * megabyte)?.seconds).toBe(10 + 1 + 1 + 4);
  });

  it('says what was never measured instead of guessing it', () => {
    restored({ seconds: 11, parts: { write: 10, start: 1 }, replayed: null });
    // What there was of log tells nothing: a restore to an early target had as much before it, and replayed little.
    restored({ seconds: 11, parts: { write: 10, start: 1 }, logBytes: 500 * megabyte });
    expect(expected(100 * megabyte, 300 * megabyte)).toEqual({
      seconds: 11,
      from: expect.stringMatching(/; the replay of 315 MB of log was never measured and is not in it$/) as string,
    });
  });

  it('is told from records of earlier versions too, which know no parts', () => {
    restored({ seconds: 10 });
    expect(expected(300 * megabyte, 0)?.seconds).toBe(30);
  });
});
