import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { systemClock } from '../../core/index.ts';
import type { PruneOptions } from '../prune/index.ts';
import type { Point, Repository } from '../repository.ts';
import { backup, file, makeRepository, readAll, reopen } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

export const options: PruneOptions = { clock: systemClock, host: 'here', dryRun: false };
export const shared = file('shared', randomBytes(400_000));
export const own = (bytes = 300_000): ReturnType<typeof file> => file('own', randomBytes(bytes));

export async function threePoints(): Promise<{ store: MemoryStore; repository: Repository; points: Point[] }> {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  const points: Point[] = [];
  for (let i = 0; i < 3; i += 1) points.push(await backup(await reopen(store), [own(), shared]));
  return { store, repository, points };
}

export const bytesOf = (store: MemoryStore): number =>
  [...store.objects.values()].reduce((total, { length }) => total + length, 0);
export const namesOf = (store: MemoryStore, folder: string): string[] =>
  [...store.objects.keys()].filter((name) => name.startsWith(`${folder}/`));

export async function expectSound(store: MemoryStore, points: readonly Point[]): Promise<void> {
  const repository = await reopen(store);
  const { damage, sound } = await repository.verify({ depth: 'everything' });
  expect(damage).toEqual([]);
  expect(sound.toSorted()).toEqual(points.map(({ id }) => id).toSorted());
  for (const point of points) expect((await readAll(repository, point)).get('shared')?.length).toBe(400_000);
}
