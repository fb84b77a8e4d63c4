import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Place } from './support/lifeboat.ts';
import { expectError, prepare, smallPlace } from './support/small-place.ts';

let place: Place;

beforeEach(async () => {
  place = await smallPlace();
});

afterEach(() => place.remove());

const prepared = (): Promise<void> => prepare(place);

describe('words that mean nothing', () => {
  it('an unknown asset, store, point, run, drill or scenario is named beside what there is', async () => {
    await prepared();
    expectError(await place.run('backup', 'doc'), 2, 'plan.unknown_name');
    expectError(await place.run('restore', 'doc', '--to', './out'), 2, 'plan.unknown_name');
    expectError(await place.run('store', 'init', 'far'), 2, 'plan.unknown_name');
    expectError(
      await place.run('restore', 'docs', '--to', './out', '--point', '01kb9c3r8x0000000000000000'),
      2,
      'point.missing',
    );
    expectError(await place.run('run', 'show', '01kb9c3r8x0000000000000000'), 2, 'run.missing');
    expectError(await place.run('drill', 'weekly'), 2, 'plan.unknown_name');
    expectError(await place.run('recover', 'fire'), 2, 'plan.unknown_name');
  });

  it('a moment without a zone, or before the first point, is refused with what is reachable', async () => {
    await prepared();
    expectError(await place.run('restore', 'docs', '--to', './out', '--at', '2026-11-21 03:00'), 2, 'input.flag');
    const early = await place.run('restore', 'docs', '--to', './out', '--at', '2001-01-01T00:00:00Z');
    expectError(early, 2, 'restore.unreachable_target');
    expect(early.stdout).toContain('earliest');
  });

  it('a plan that is not YAML, or not there, is an error with its place', async () => {
    await writeFile(place.path('lifeboat.yaml'), 'lifeboat: 1\nassets: [unclosed\n');
    const answer = await place.run('backup');
    expectError(answer, 2, 'plan.invalid');
    expect(answer.stdout).toMatch(/lifeboat\.yaml:\d+:\d+/);
    await rm(place.path('lifeboat.yaml'));
    expectError(await place.run('backup'), 2, 'plan.missing');
  });

  it('a store without a repository, or not there, says what makes one', async () => {
    expectError(await place.run('backup'), 4, 'store.unreachable');
    await mkdir(place.path('store'));
    const answer = await place.run('points');
    expectError(answer, 2, 'repository.missing');
    expect(answer.stdout).toContain('store init');
  });

  it('a second repository in the same store is refused, and the first stays', async () => {
    await prepared();
    expectError(await place.run('store', 'init', 'near'), 2, 'repository.exists');
    expect((await place.run('verify', '--all')).exitCode).toBe(0);
  });
});
