import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { startRestored } from '../database.ts';
import { syncDisk } from '../folder.ts';
import { run, type RunOptions } from '../measure.ts';
import type { PostgresTool } from '../tool.ts';

/** Of the data folder of a server at rest, as with restic. */
export const borg: PostgresTool = {
  name: 'borg',
  program: 'borg',
  prepare: async (folder, source) => {
    const repository = join(folder, 'repository');
    const options: RunOptions = {
      cwd: dirname(source.dataFolder),
      env: {
        BORG_REPO: repository,
        BORG_PASSPHRASE: 'correct horse battery staple',
        BORG_BASE_DIR: join(folder, 'base'),
      },
    };
    await run(['borg', 'init', '--encryption=repokey-blake2'], source.signal, options);
    const data = basename(source.dataFolder);
    const exclude = ['--exclude', '*/postmaster.pid', '--exclude', '*/postmaster.opts'];
    let taken = 0;
    const newest = (): string => `::${taken}`;
    return {
      folder: repository,
      takesChanges: true,
      backup: async (stopwatch) => {
        taken += 1;
        await stopwatch.run(['borg', 'create', '--compression=zstd,1', ...exclude, newest(), data], options);
      },
      verify: async (stopwatch) => {
        await stopwatch.run(['borg', 'check', '--verify-data'], options);
        return undefined;
      },
      restore: async (stopwatch, target) => {
        await mkdir(target);
        await stopwatch.run(['borg', 'extract', newest()], { ...options, cwd: target });
        await stopwatch.run(syncDisk(target));
        return startRestored(stopwatch, join(target, data), source);
      },
    };
  },
};
