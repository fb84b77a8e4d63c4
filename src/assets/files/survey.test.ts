import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { matcherOf } from './glob.ts';
import { surveyTree } from './survey.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { skippedFor } from '../../testing/skipped.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lifeboat-survey-'));
  await mkdir(join(root, 'disk'));
  await writeFile(join(root, 'one'), 'one');
  await writeFile(join(root, 'two'), 'two.');
});
afterEach(() => rm(root, { recursive: true }));

it('counts what a capture would read', async () => {
  expect(await surveyTree(root, { clock: systemClock }, undefined)).toEqual({ remarks: [], bytes: 7 });
  const excludes = matcherOf(['two']);
  expect((await surveyTree(root, { clock: systemClock, excludes }, undefined)).bytes).toBe(3);
});

it('ends when it is told to', async () => {
  await expect(surveyTree(root, { clock: systemClock }, AbortSignal.abort())).rejects.toMatchObject({
    code: 'operation.cancelled',
  });
});

const asRoot = process.getuid?.() === 0 ? 'root may read everything' : undefined;
it.skipIf(asRoot !== undefined)(`names a file that may not be read${skippedFor(asRoot)}`, async () => {
  await chmod(join(root, 'one'), 0);
  const { remarks, bytes } = await surveyTree(root, { clock: systemClock }, undefined);
  expect(remarks).toMatchObject([
    { about: 'rights', severity: 'error', message: `this user may not read ${root}/one` },
  ]);
  expect(bytes).toBe(4);
});

describe.skipIf(whyNoMount !== undefined)(`a disk mounted in the tree${skippedFor(whyNoMount)}`, () => {
  beforeEach(() => void execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(root, 'disk')]));
  afterEach(() => void execFileSync('umount', [join(root, 'disk')]));

  it('is in no point when the plan says oneFileSystem, and that is said unless it is excluded', async () => {
    const survey = async (oneFileSystem: boolean | undefined, exclude: string[] = []): Promise<unknown> =>
      (await surveyTree(root, { clock: systemClock, oneFileSystem, excludes: matcherOf(exclude) }, undefined)).remarks;
    expect(await survey(true)).toMatchObject([{ about: 'uncovered', thing: `files:${root}/disk` }]);
    expect(await survey(true, ['disk'])).toEqual([]);
    expect(await survey(undefined)).toEqual([]);
  });
});
