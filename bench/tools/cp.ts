import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startRestored } from '../database.ts';
import { syncDisk } from '../folder.ts';
import type { PostgresTool } from '../tool.ts';

/** The floor: nothing is checked, packed or encrypted, and it is a backup only because the server is at rest. No clones: they would be the same bytes. */
export const cp: PostgresTool = {
  name: 'cp',
  prepare: async (folder, source) => ({
    folder,
    takesChanges: false,
    backup: async (stopwatch) => {
      await stopwatch.run(['cp', '-a', '--reflink=never', source.dataFolder, join(folder, 'data')]);
      await stopwatch.run(syncDisk(folder));
    },
    restore: async (stopwatch, target) => {
      await stopwatch.run(['cp', '-a', '--reflink=never', join(folder, 'data'), target]);
      await rm(join(target, 'postmaster.pid'), { force: true });
      await stopwatch.run(syncDisk(target));
      return startRestored(stopwatch, target, source);
    },
  }),
};
