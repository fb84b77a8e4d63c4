import { join } from 'node:path';
import { startEmpty } from '../database.ts';
import { postgresPrograms } from '../packages.ts';
import type { PostgresTool } from '../tool.ts';

/** What most people begin with: one stream of SQL, packed by gzip as it comes, not encrypted. */
export const pgDump: PostgresTool = {
  name: 'pg_dump+gzip',
  program: 'pgbench',
  onlyOnce: true,
  prepare: async (folder, source) => {
    const file = join(folder, 'dump.sql.gz');
    const dump = join(postgresPrograms, 'pg_dump');
    const psql = join(postgresPrograms, 'psql');
    const bash = (line: string, ...words: string[]): string[] => [
      'bash',
      '-o',
      'pipefail',
      '-c',
      line,
      'bash',
      ...words,
    ];
    return {
      folder,
      takesChanges: false,
      backup: async (stopwatch) =>
        void (await stopwatch.run(bash('"$1" "$2" | gzip > "$3" && sync "$3"', dump, source.url, file))),
      verify: async (stopwatch) => {
        await stopwatch.run(['gzip', '--test', file]);
        return undefined;
      },
      restore: async (stopwatch, target) => {
        const server = await startEmpty(target);
        try {
          await stopwatch.run(
            bash('gzip -dc "$1" | "$2" -q -v ON_ERROR_STOP=1 "$3" > /dev/null', file, psql, server.url),
          );
          return server;
        } catch (error) {
          await server.stop();
          throw error;
        }
      },
    };
  },
};
