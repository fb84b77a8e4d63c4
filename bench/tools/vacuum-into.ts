import { join } from 'node:path';
import { syncDisk } from '../folder.ts';
import type { TreeTool } from '../tool.ts';

/** SQLite's own way to a consistent copy: a whole new database, neither packed nor encrypted. */
export const vacuumInto: TreeTool = {
  name: 'VACUUM INTO',
  prepare: async (folder, source) => {
    let copies = 0;
    const newest = (): string => join(folder, `copy-${copies}.db`);
    return {
      folder,
      backup: async (stopwatch) => {
        copies += 1;
        await stopwatch.run([
          process.execPath,
          '--disable-warning=ExperimentalWarning',
          '-e',
          script,
          source,
          newest(),
        ]);
        await stopwatch.run(syncDisk(folder));
      },
      restore: async (stopwatch, target) => {
        await stopwatch.run(['cp', '--reflink=never', newest(), join(target, 'data.db')]);
        await stopwatch.run(syncDisk(target));
        return join(target, 'data.db');
      },
    };
  },
};

const script = `const { DatabaseSync } = require('node:sqlite');
new DatabaseSync(process.argv[1]).prepare('vacuum into ?').run(process.argv[2]);`;
