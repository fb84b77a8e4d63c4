import { join } from 'node:path';
import { makeServerFolder } from '../../src/assets/postgres/server/index.ts';
import { postgresPrograms } from '../packages.ts';
import type { PostgresTool } from '../tool.ts';

/** Plain format: neither packed nor encrypted. The server checks its pages on the way out, and it syncs by itself. */
export const pgBasebackup: PostgresTool = {
  name: 'pg_basebackup',
  program: 'pgbench',
  prepare: async (folder, source) => {
    const place = join(folder, 'mine');
    await makeServerFolder(place, source.user);
    const target = join(place, 'data');
    const options = { user: source.user, cwd: '/', env: { PGPASSWORD: source.password } };
    return {
      folder,
      takesChanges: false,
      backup: async (stopwatch) => {
        const server = ['-h', '127.0.0.1', '-p', String(source.port), '-U', 'shop'];
        const how = ['--format=plain', '--wal-method=stream', '--checkpoint=fast'];
        await stopwatch.run([join(postgresPrograms, 'pg_basebackup'), ...server, ...how, '-D', target], options);
      },
      verify: async (stopwatch) => {
        await stopwatch.run([join(postgresPrograms, 'pg_verifybackup'), '--quiet', target], options);
        return undefined;
      },
    };
  },
};
