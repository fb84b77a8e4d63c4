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

  it('is judged by what the parts of the last one took: the point by its size, the log by its length', () => {
    restored({ seconds: 20, parts: { write: 10, start: 8 }, logBytes: 50 * megabyte });
    expect(expected(200 * megabyte, 100 * megabyte)?.seconds).toBe(20 + 4 + 16);
    // However little log there is, a server takes its time to start.
    expect(expected(100 * megabyte, 5 * megabyte)?.seconds).toBe(20);
    expect(expected(100 * megabyte, 0)?.from).toMatch(/^by the restore of 20.*: 105 MB and 52 MB of log in 20 s$/);
  });

  it('knows the rate of the log from the last restore that replayed enough to tell', () => {
    restored({ seconds: 20, parts: { write: 10, start: 8 }, logBytes: 50 * megabyte });
    restored({ seconds: 11, parts: { write: 10, start: 1 }, logBytes: 0 });
    expect(expected(100 * megabyte, 100 * megabyte)?.seconds).toBe(10 + 16);
  });

  it('says what was never measured instead of guessing it', () => {
    restored({ seconds: 11, parts: { write: 10, start: 1 }, logBytes: 0 });
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
