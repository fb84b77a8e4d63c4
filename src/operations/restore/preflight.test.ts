import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backupEverywhere, restore } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { whyNoMount } from '../../testing/mounting.ts';

describe.skipIf(whyNoMount !== undefined)(
  `a disk that is mounted where a restore shall go (skipped with a reason: ${whyNoMount})`,
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
