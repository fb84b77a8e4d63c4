import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { startRestored } from '../database.ts';
import { syncDisk } from '../folder.ts';
import { run, type RunOptions } from '../measure.ts';
import type { PostgresTool, TreeTool } from '../tool.ts';

/** Of the data folder of a server at rest: restic knows no servers, and is spared what a busy one would need. */
export const restic: PostgresTool = {
  name: 'restic',
  program: 'restic',
  prepare: async (folder, source) => {
    const tree = await repository(folder, source.dataFolder, source.signal);
    return {
      folder: tree.folder,
      takesChanges: true,
      backup: tree.backup,
      verify: async (stopwatch) => {
        await stopwatch.run(['restic', 'check', '--read-data', '--quiet'], tree.options);
        return undefined;
      },
      restore: async (stopwatch, target) => {
        // restic would make it for root alone.
        await mkdir(target);
        // It gives the tree its own name below the target.
        return startRestored(stopwatch, await tree.restore(stopwatch, target), source);
      },
    };
  },
};

export const resticFiles: TreeTool = { name: 'restic', program: 'restic', prepare: repository };

async function repository(folder: string, source: string, signal: AbortSignal) {
  const options: RunOptions = {
    cwd: dirname(source),
    env: {
      RESTIC_REPOSITORY: join(folder, 'repository'),
      RESTIC_PASSWORD: 'correct horse battery staple',
      RESTIC_CACHE_DIR: join(folder, 'cache'),
    },
  };
  // Version 2 is the one that compresses.
  await run(['restic', 'init', '--repository-version', '2', '--quiet'], signal, options);
  const exclude = ['--exclude', 'postmaster.pid', '--exclude', 'postmaster.opts'];
  const repositoryFolder = join(folder, 'repository');
  return {
    folder: repositoryFolder,
    options,
    backup: async (stopwatch: Parameters<TreeToolBackup>[0]) =>
      void (await stopwatch.run(['restic', 'backup', '--quiet', ...exclude, basename(source)], options)),
    restore: async (stopwatch: Parameters<TreeToolBackup>[0], target: string) => {
      await stopwatch.run(['restic', 'restore', 'latest', '--quiet', '--target', target], options);
      await stopwatch.run(syncDisk(target));
      return join(target, basename(source));
    },
  };
}

type TreeToolBackup = Awaited<ReturnType<TreeTool['prepare']>>['backup'];
