import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeTestRepository } from '../../../testing/postgres/index.ts';
import type { Repository } from '../../../repository/index.ts';
import { FollowedLog } from './followed-log.ts';

const segmentBytes = 2 ** 20;
let folder = '';
let repository: Repository;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-followed-'));
  repository = await makeTestRepository(join(folder, 'store'));
});
afterAll(async () => {
  await repository?.close();
  await rm(folder, { recursive: true, force: true });
});

it('a server hears of a life that people went back from only when it opens on a timeline of its own, and of those before the one that goes on always', async () => {
  const { signal } = new AbortController();
  const log = repository.log('orders', '7000000000000000001');
  await log.append({ timeline: 1, start: 0n, end: 8n }, Buffer.alloc(8), {});
  const begin = async (timeline: number): Promise<void> => {
    await log.appendHistory(timeline, '1\t0/8\tbefore a mistake\n');
    await log.append({ timeline, start: 0n, end: 8n }, Buffer.alloc(8), {});
  };
  const followed = new FollowedLog(log, segmentBytes, folder);
  const heard = async (): Promise<number[]> => {
    await followed.look(signal);
    const answers = await Promise.all(
      [2, 3].map(async (timeline) => [timeline, await followed.bytesOf(`0000000${timeline}.history`, signal)] as const),
    );
    return answers.flatMap(([timeline, bytes]) => (bytes === undefined ? [] : [timeline]));
  };
  await begin(2);
  expect(await heard()).toEqual([2]);
  await log.appendEnding({ timeline: 2, position: 8n });
  expect(await heard()).toEqual([]);
  await begin(3);
  // It counts up, and would stop at a number of which it hears nothing.
  expect(await heard()).toEqual([2, 3]);
  await log.appendEnding({ timeline: 3, position: 8n });
  expect(await heard()).toEqual([]);
  followed.opens();
  expect(await heard()).toEqual([2, 3]);
});
