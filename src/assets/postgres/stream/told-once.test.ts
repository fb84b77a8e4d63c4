import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  startStream,
  startTestCluster,
  take,
} from '../../../testing/postgres/index.ts';

const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000, interval: 50 });
const missing = !(await installedMajors()).includes(15);

it.skipIf(missing)(
  `a stream says once, and not with each connection, that its slot may fill the disk, and again when that was changed meanwhile${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    const asset = postgresAsset({ url: cluster.url });
    const repository = await makeTestRepository(join(cluster.folder, 'store'));
    try {
      await take(asset, repository);
      const stream = await startStream(asset, repository);
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      const connectAnew = async (): Promise<void> => {
        const seen = stream.states.length;
        await cluster.sql('select pg_terminate_backend(pid) from pg_stat_replication');
        const since = (): string[] => stream.states.slice(seen).map(({ state }) => state);
        await soon(() => since().indexOf('waiting')).toBeGreaterThanOrEqual(0);
        await soon(() => since().lastIndexOf('streaming') > since().indexOf('waiting')).toBe(true);
      };
      const set = async (bound: string): Promise<void> => {
        await cluster.sql(`alter system set max_slot_wal_keep_size = '${bound}'`);
        await cluster.sql('select pg_reload_conf()');
        const now = `select setting from pg_settings where name = 'max_slot_wal_keep_size'`;
        await soon(async () => (await cluster.sql(now))[0]?.['setting']).toBe(bound.replace('MB', ''));
        await connectAnew();
      };
      const told = (): number =>
        stream.states.filter(({ reason }) => /max_slot_wal_keep_size is -1/.test(reason ?? '')).length;
      for (const _ of [1, 2]) await connectAnew();
      expect(told()).toBe(1);
      await set('256MB');
      await set('-1');
      expect(told()).toBe(2);
      await stream.stop();
    } finally {
      await repository.close();
      await cluster.destroy();
    }
  },
);
