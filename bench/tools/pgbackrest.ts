import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError } from '../../src/core/index.ts';
import { makeServerFolder } from '../../src/assets/postgres/server/index.ts';
import { startRestored } from '../database.ts';
import { run } from '../measure.ts';
import { processes } from '../options.ts';
import type { PostgresSource, PostgresTool } from '../tool.ts';

/** Its second backups hold all that changed since the full one: what a restore is quickest from. */
export const pgbackrest = tool('pgbackrest', 1, 'diff');
/** Its second backups hold what changed since the one before: the least that it can store. */
export const pgbackrestIncremental = tool('pgbackrest incr', 1, 'incr');
/** As dense as Lifeboat's own default. */
export const pgbackrestDense = tool('pgbackrest zst 3', 3, undefined);

/** `next`: the type of second backups; without one there are none. */
function tool(name: string, level: number, next: 'diff' | 'incr' | undefined): PostgresTool {
  return {
    name,
    program: 'pgbackrest',
    prepare: async (folder, source) => {
      const place = join(folder, 'mine');
      await makeServerFolder(place, source.user);
      const config = join(folder, 'pgbackrest.conf');
      await writeFile(config, configuration(place, source, level));
      // It works as the server's user everywhere, as it is meant to.
      const options = { user: source.user, cwd: '/' };
      const call = (...words: string[]): string[] => ['pgbackrest', `--config=${config}`, '--stanza=bench', ...words];
      await run(call('stanza-create'), source.signal, options);
      return {
        folder: join(place, 'repository', 'backup'),
        takesChanges: next !== undefined,
        backup: async (stopwatch, first) => {
          await writeFile(source.archivingFile, config);
          try {
            await stopwatch.run(call('backup', `--type=${first ? 'full' : next}`), options);
          } finally {
            await rm(source.archivingFile);
          }
        },
        verify: async (stopwatch) => {
          const said = await stopwatch.run(call('--output=text', '--verbose', 'verify'), options);
          // This version ends with 0 whatever it finds.
          if (/status: ok/.test(said) && !/status: (error|invalid)/.test(said)) return undefined;
          throw new LifeboatError(
            'process.failed',
            `pgbackrest verify found: ${said.trim().split('\n').slice(-4).join(' | ')}`,
          );
        },
        restore: async (stopwatch, target) => {
          await makeServerFolder(target, source.user);
          const until = ['--type=immediate', '--target-action=promote'];
          await stopwatch.run(call(`--pg1-path=${target}`, 'restore', ...until), options);
          return startRestored(stopwatch, target, source);
        },
      };
    },
  };
}

const configuration = (place: string, source: PostgresSource, level: number): string => `[global]
repo1-path=${place}/repository
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass=correct-horse-battery-staple
repo1-retention-full=10
repo1-bundle=y
compress-type=zst
compress-level=${level}
process-max=${processes}
start-fast=y
log-level-console=warn
log-level-file=off
lock-path=${place}/lock
spool-path=${place}/spool
[bench]
pg1-path=${source.dataFolder}
pg1-port=${source.port}
pg1-socket-path=${source.socketFolder}
pg1-user=shop
pg1-database=postgres
`;
