import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startRestored } from '../database.ts';
import { syncDisk } from '../folder.ts';
import type { PostgresTool } from '../tool.ts';

/** The floor: nothing is checked, packed or encrypted, and it is a backup only because the server is at rest. */
export const cp: PostgresTool = {
  name: 'cp',
  prepare: async (folder, source) => ({
    folder,
    takesChanges: false,
    backup: async (stopwatch) => {
      await stopwatch.run(['cp', '-a', source.dataFolder, join(folder, 'data')]);
      await stopwatch.run(syncDisk(folder));
    },
    restore: async (stopwatch, target) => {
      await stopwatch.run(['cp', '-a', join(folder, 'data'), target]);
      await rm(join(target, 'postmaster.pid'), { force: true });
      await stopwatch.run(syncDisk(target));
      return startRestored(stopwatch, target, source);
    },
  }),
};
