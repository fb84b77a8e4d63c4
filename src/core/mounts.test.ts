import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { whyNoMount } from '../testing/mounting.ts';
import { skippedFor } from '../testing/skipped.ts';
import { mountPoints } from './mounts.ts';

it.skipIf(whyNoMount !== undefined)(
  `of mounts over one another only those that a path leads to are there${skippedFor(whyNoMount)}`,
  async () => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'lifeboat-mounts-')));
    const [outer, inner, other] = [join(folder, 'outer'), join(folder, 'outer', 'in  ner'), join(folder, 'other')];
    const mounted = async (): Promise<string[]> => (await mountPoints()).filter((place) => place.startsWith(folder));
    const mount = (place: string): Buffer => execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', place]);
    const umount = (place: string): Buffer => execFileSync('umount', [place]);
    try {
      for (const place of [outer, inner, other]) await mkdir(place, { recursive: true });
      mount(inner);
      mount(other);
      expect((await mounted()).toSorted()).toEqual([other, inner]);
      mount(outer);
      expect((await mounted()).toSorted()).toEqual([other, outer]);
      await mkdir(inner);
      mount(inner);
      expect((await mounted()).toSorted()).toEqual([other, outer, inner]);
      // Over the very same place: once, and what was mounted in the one below is hidden.
      mount(outer);
      expect((await mounted()).toSorted()).toEqual([other, outer]);
      umount(outer);
      umount(inner);
      umount(outer);
      expect((await mounted()).toSorted()).toEqual([other, inner]);
    } finally {
      // Whatever is left of them, from the topmost on.
      for (let round = 0; round < 3; round += 1)
        for (const place of [inner, outer, other]) spawnSync('umount', [place]);
      await rm(folder, { recursive: true });
    }
  },
);
