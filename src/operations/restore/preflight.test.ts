import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backupEverywhere, restore } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { preflight } from './preflight.ts';
import { skippedFor } from '../../testing/skipped.ts';

describe.skipIf(whyNoMount !== undefined)(
  `a disk that is mounted where a restore shall go${skippedFor(whyNoMount)}`,
  () => {
    for (const [what, words] of [
      ['of its own', ['-t', 'tmpfs', 'tmpfs']],
      ['that is a folder of the same file system', ['--bind', 'other']],
    ] as const)
      it(`trap "nobody renames over a mount point": one ${what} is refused before anything is written, with the folder in it that can be named`, async () => {
        await withCopies(async (workspace, folder) => {
          await writeFile(join(folder, 'docs', 'one'), 'text');
          await backupEverywhere(workspace, 'docs');
          const disk = join(folder, 'disk');
          await mkdir(disk);
          await mkdir(join(folder, 'bound here'));
          const from = words.map((word) => (word === 'other' ? join(folder, 'bound here') : word));
          execFileSync('mount', [...from, disk]);
          try {
            const before = (await readdir(folder)).toSorted();
            const onto = (target: string) => restore(workspace, { asset: 'docs', target, start: false, stay: false });
            await expect(onto(disk)).rejects.toMatchObject({
              code: 'restore.target_unusable',
              message: expect.stringContaining(`${disk} is a mount point`) as string,
              hint: expect.stringContaining(join(disk, 'docs')) as string,
            });
            expect([(await readdir(folder)).toSorted(), await readdir(disk)]).toEqual([before, []]);
            // As a new ext4 has it: the disk is still what is in the way, and not what lies on it.
            await mkdir(join(disk, 'lost+found'));
            await expect(onto(disk)).rejects.toMatchObject({
              hint: expect.stringContaining(join(disk, 'docs')) as string,
            });
            await onto(join(disk, 'docs'));
            expect(await readFile(join(disk, 'docs', 'one'), 'utf8')).toBe('text');
          } finally {
            execFileSync('umount', [disk]);
          }
        });
      });
  },
);

it('the log that is replayed needs room too: what a server holds of it is asked for, and what it may add to the data is said', async () => {
  await withCopies(async (workspace, folder) => {
    const asset = workspace.asset('docs');
    const { bavail, bsize } = await statfs(folder);
    const gib = 2 ** 30;
    const target = join(folder, 'back');
    // Half a gigabyte more than a point of so many bytes needs.
    const bytes = Math.floor((bavail * bsize - gib / 2) / 1.06);
    if (bytes < gib) return;
    expect(await preflight(asset, target, { bytes, logBytes: 0 })).toBeUndefined();
    await expect(preflight(asset, target, { bytes, logBytes: 1e15 })).rejects.toMatchObject({
      code: 'restore.no_room',
      message: expect.stringMatching(/with the log that it replays \(1\.0 PB\)/) as string,
    });
    expect(await preflight(asset, target, { bytes: 1, logBytes: 1e15 })).toMatch(
      /^1\.0 PB of log are replayed .*may add/,
    );
  });
});
