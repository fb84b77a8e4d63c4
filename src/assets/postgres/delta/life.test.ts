import { expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { installedMajors, runSql, startTestCluster } from '../../../testing/postgres/index.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { withConnection } from '../link/connection.ts';
import { lifeOf } from './life.ts';

const major = (await installedMajors()).at(-1);
const page = 8192n;

it.skipIf(major === undefined)(
  `the life of a server that was killed in the middle of a record ends behind all that a stream may have got of it${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  async () => {
    const cluster = await startTestCluster({
      major: major as number,
      initdb: ['--wal-segsize=1'],
      settings: { wal_writer_delay: '10ms', wal_writer_flush_after: '0', autovacuum: 'off' },
    });
    try {
      await cluster.sql('create table marks (n int, filler text)');
      const flushed = async (): Promise<bigint> => {
        const [row] = await runSql(cluster.url, 'select pg_current_wal_flush_lsn()::text as at');
        return lsnValue(String(row?.['at']));
      };
      const least = await withConnection(cluster.url, async (client) => {
        await client.query('begin');
        for (let tries = 0; tries < 200; tries += 1) {
          await client.query(`insert into marks select n, repeat(md5(n::text), 100) from generate_series(1, 7) n`);
          await systemClock.sleep(50);
          const at = await flushed();
          // Only whole pages are written of what nobody waits for: a record goes on behind.
          if (at % page !== 0n) continue;
          await cluster.server.kill();
          return at;
        }
        throw new Error('the log was never flushed in the middle of a record');
      });
      const life = await lifeOf(cluster.dataFolder);
      expect(life?.timeline).toBe(1);
      expect(life?.position).toBeGreaterThanOrEqual(least);
      expect(life?.position).toBeLessThan(least + 32n * page);
    } finally {
      await cluster.destroy();
    }
  },
);
