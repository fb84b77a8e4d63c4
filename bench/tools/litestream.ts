import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDisk } from '../folder.ts';
import { litestreamProgram } from '../packages.ts';
import type { TreeTool } from '../tool.ts';

/**
 * It is made to run beside the application all day; here it is started, copies what there is, and is ended: a snapshot the
 * first time, the log since then the next. Packed by LZ4, not encrypted.
 */
export const litestream: TreeTool = {
  name: 'litestream',
  program: 'litestream',
  prepare: async (folder, source) => {
    // What it keeps beside the database of an earlier replica.
    const shadow = join(dirname(source), `.${basename(source)}-litestream`);
    await rm(shadow, { recursive: true, force: true });
    const replica = join(folder, 'replica');
    const config = join(folder, 'litestream.yml');
    const until = join(folder, 'until-copied.sh');
    await mkdir(replica);
    await writeFile(config, configuration(source, replica));
    await writeFile(until, untilCopied);
    return {
      folder: replica,
      backup: async (stopwatch) => {
        const segments = (await readdir(replica, { recursive: true })).filter((name) => name.endsWith('.wal.lz4'));
        const wait = `sh ${until} ${replica} ${segments.length}`;
        await stopwatch.run([litestreamProgram, 'replicate', '-config', config, '-exec', wait]);
      },
      restore: async (stopwatch, target) => {
        const copy = join(target, 'data.db');
        await stopwatch.run([litestreamProgram, 'restore', '-o', copy, `file://${replica}`]);
        await stopwatch.run(syncDisk(target));
        return copy;
      },
    };
  },
};

/**
 * It looks once a second by itself, which is right for a day and wrong for a stopwatch. Moving log into the database is its
 * work all day; here nobody does it.
 */
const configuration = (source: string, replica: string): string => `dbs:
  - path: ${source}
    monitor-interval: 10ms
    min-checkpoint-page-count: 1000000
    max-checkpoint-page-count: 0
    replicas:
      - type: file
        path: ${replica}
        sync-interval: 10ms
logging:
  level: warn
`;

/** Ends when the replica has a piece of log that it had not before: it comes after the snapshot. What is left then, Litestream copies as it ends. */
const untilCopied = `replica=$1 before=$2
until set -- "$replica"/generations/*/wal/*.wal.lz4; [ -e "$1" ] && [ $# -gt "$before" ]; do sleep 0.01; done
`;
