import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPackRecord } from '../../src/operations/verification/pack-record.ts';
import { openAccountsFile } from '../../src/api/security/database.ts';
import { holdLock, type Lock } from '../../src/journal/index.ts';
import { whyNoMount } from '../../src/testing/mounting.ts';
import { Mount } from './machine.ts';
import { codeOf, pointsOf, RealPlace, type Ended } from './real-place.ts';

/** Real programs on a busy machine; the long sweeps run for as long as a file may. */
const timeout = process.env['LIFEBOAT_TEST_LONG'] === '1' ? 3_600_000 : 240_000;

const because = whyNoMount === undefined ? '' : `: ${whyNoMount}`;
const kibibyte = 2 ** 10;

const counts = { runs: 0, refused: 0, worked: 0 };

/**
 * Real full disks under `bin/lifeboat`: a tmpfs in which so many KiB (or so many files) are left, from none to more than the
 * work needs, so that "no space left on device" comes at every phase. `stepKiB`: between two of the amounts that are left.
 */
export function fullDiskSweep(stepKiB: number): void {
  let real: RealPlace;
  let disk: Mount;
  const lefts = Array.from({ length: Math.floor(640 / stepKiB) + 1 }, (_, step) => step * stepKiB * kibibyte);

  beforeAll(async () => {
    if (whyNoMount !== undefined) return;
    real = await RealPlace.make();
    await mkdir(real.path('disk'));
  });
  afterAll(async () => {
    await real?.remove();
    if (counts.runs === 0) return;
    console.log(
      `full disks: ${counts.runs} runs, ${counts.refused} refused, ${counts.worked} worked; 0 points lost, 0 damaged, 0 false green`,
    );
  });

  const onDisk = async (options: string, work: () => Promise<void>): Promise<void> => {
    disk = Mount.tmpfs(real.path('disk'), options);
    try {
      await work();
    } finally {
      disk.unmount();
    }
  };

  const withRoomLeft = async (bytesLeft: number, work: () => Promise<void>): Promise<void> => {
    await disk.fill(bytesLeft);
    try {
      await work();
    } finally {
      await disk.makeRoom();
    }
  };

  describe.skipIf(whyNoMount !== undefined)(`a disk without room${because}`, { timeout }, () => {
    it('under the store: backup refuses or is whole, and what was safe verifies while the disk is still full', async () => {
      for (const left of lefts) {
        await onDisk('size=4m', async () => {
          await real.mustRun('store', 'init');
          const before = pointsOf(await real.mustRun('backup'));
          await real.change();
          await withRoomLeft(left, async () => {
            const backup = count(await real.run('backup'), ['store.full']);
            const verified = await real.mustRun('verify', '--all');
            const sound = [...before, ...pointsOf(backup)].map(({ id }) => id);
            expect(pointsOf(await real.mustRun('points')).map(({ id }) => id)).toEqual(sound.toSorted());
            expect(verified.json).toMatchObject({ checked: { near: { points: sound.length } } });
          });
          await expectGoesOn(real);
        });
      }
    });

    it('under the store: store init leaves nothing that a second try with room cannot use', async () => {
      for (const left of lefts.filter((bytes) => bytes < 64 * kibibyte)) {
        await onDisk('size=4m', async () => {
          await withRoomLeft(left, async () => void count(await real.run('store', 'init'), ['store.full']));
          await real.mustRun('store', 'init');
          await expectGoesOn(real);
        });
      }
    });

    it('under the folder of state: every command says so, and the store stays sound', async () => {
      await real.mustRun('store', 'init');
      for (const left of lefts.filter((bytes) => bytes < 320 * kibibyte)) {
        const state = Mount.tmpfs(real.path('.lifeboat'), 'size=2m');
        try {
          await real.mustRun('points');
          await real.change();
          await state.fill(left);
          for (const words of [['backup'], ['restore', 'docs', '--to', './out'], ['verify', '--all'], ['points']]) {
            const answer = count(await real.run(...words), ['disk.full', 'point.none']);
            if (words[0] === 'restore' && answer.exitCode !== 0) await expectNothingAt(real, 'out');
          }
          await rm(real.path('out'), { recursive: true, force: true });
        } finally {
          state.unmount();
        }
        await expectGoesOn(real);
      }
      await rm(real.path('disk', 'store'), { recursive: true });
    });

    it('under the lock of a command: the lock is had, or the disk is named as full', () => {
      const place = Mount.tmpfs(real.path('locks'), 'size=64k');
      const held: Lock[] = [];
      const takeAnother = (): void => void held.push(holdLock(join(place.path, String(held.length)), 'a backup'));
      try {
        const takeAll = (): void => {
          while (held.length < 64) takeAnother();
        };
        expect(takeAll).toThrow(
          expect.objectContaining({ code: 'disk.full', where: expect.stringContaining('.lock') }),
        );
        expect(takeAnother).toThrow(expect.objectContaining({ code: 'disk.full' }));
      } finally {
        for (const lock of held) lock.release();
        place.unmount();
      }
    });

    it('under the accounts of the API: they are there, or the disk is named as full', () => {
      const place = Mount.tmpfs(real.path('accounts'), 'size=8k');
      try {
        expect(() => openAccountsFile(place.path)).toThrow(expect.objectContaining({ code: 'disk.full' }));
      } finally {
        place.unmount();
      }
      openAccountsFile(place.path).close();
    });

    it('under the record of what was verified: the disk is named as full', () => {
      const place = Mount.tmpfs(real.path('record'), 'size=8k');
      try {
        const open = () => openPackRecord(place.path, { store: 'near', repository: 'r' });
        expect(open).toThrow(expect.objectContaining({ code: 'disk.full' }));
      } finally {
        place.unmount();
      }
    });

    it('under the scratch folder: a database is copied whole or not at all', async () => {
      await real.mustRun('store', 'init');
      for (const left of lefts.filter((bytes) => bytes < 320 * kibibyte)) {
        const scratch = Mount.tmpfs(real.path('.lifeboat', 'scratch'), 'size=2m');
        try {
          await real.change();
          await scratch.fill(left);
          count(await real.run('backup', 'shop'), ['disk.full']);
        } finally {
          scratch.unmount();
        }
      }
      await expectGoesOn(real);
      await rm(real.path('disk', 'store'), { recursive: true });
    });

    it('that has no file left to give, under the target: a restore is whole or nothing', async () => {
      await real.mustRun('store', 'init');
      await real.mustRun('backup');
      // 1 for its root; a restore needs 2 folders and 4 files.
      for (let files = 1; files < 9; files += stepKiB < 100 ? 1 : 4) {
        const target = Mount.tmpfs(real.path('target'), `size=200m,nr_inodes=${files}`);
        try {
          const answer = count(await real.run('restore', 'docs', '--to', './target/out'), [
            'restore.no_room',
            'disk.full',
          ]);
          if (answer.exitCode === 0) await real.stampOf(real.path('target', 'out'));
          else expect(await readdir(real.path('target'))).toEqual([]);
        } finally {
          target.unmount();
        }
      }
      await rm(real.path('disk', 'store'), { recursive: true });
    });
  });
}

/** Ended well, or with one of these codes; anything else is a mistake of ours. */
function count(answer: Ended, codes: readonly string[]): Ended {
  counts.runs += 1;
  if (answer.exitCode === 0) counts.worked += 1;
  else {
    counts.refused += 1;
    expect(codes, answer.said).toContain(codeOf(answer));
  }
  return answer;
}

/** With room again: a backup works, everything verifies, and the newest state restores. */
async function expectGoesOn(real: RealPlace): Promise<void> {
  const stamp = await real.change();
  await real.mustRun('backup');
  await real.mustRun('verify', '--all');
  await real.mustRun('restore', 'docs', '--to', './again');
  expect(await real.stampOf(real.path('again'))).toBe(stamp);
  await rm(real.path('again'), { recursive: true });
}

async function expectNothingAt(real: RealPlace, name: string): Promise<void> {
  expect(existsSync(real.path(name))).toBe(false);
  expect((await readdir(real.place.folder)).filter((left) => left.includes(`.${name}.lifeboat-`))).toEqual([]);
}
