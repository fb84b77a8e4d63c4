import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startLoad,
  startTestCluster,
  startTestStandby,
  take,
  withCopy,
  type TestCluster,
  type TestStandby,
} from '../../../testing/postgres/index.ts';

const installed = await installedMajors();

/** What every supported version must do: a real primary, a real standby, a real repository. `isWhole`: each thing in both ways to read. */
export function describeFromStandby(major: number, isWhole: boolean): void {
  const missing = !installed.includes(major);
  const ways = (shortly: 'files' | 'connection') =>
    isWhole ? (['files', 'connection'] as const) : ([shortly] as const);
  describe.skipIf(missing)(
    `PostgreSQL ${major}, read from a standby${missing ? ' (skipped: not installed)' : ''}`,
    () => {
      let cluster: TestCluster;
      let standby: TestStandby;
      let repository: Repository;

      beforeAll(async () => {
        cluster = await startTestCluster({ major, initdb: ['--wal-segsize=1'] });
        repository = await makeTestRepository(join(cluster.folder, 'store'));
        await cluster.sql(
          'create table filler as select n, repeat(md5(n::text), 30) as x from generate_series(1, 5000) n',
        );
        standby = await startTestStandby(cluster, await take(postgresAsset({ url: cluster.url }), repository));
      });
      afterAll(async () => {
        await repository?.close();
        await standby?.server.stop();
        await cluster?.destroy();
      });

      const asset = (via: 'files' | 'connection', more: object = {}) =>
        postgresAsset({ url: cluster.url, standby: standby.url, via, ...more });
      const backupsSeen = async (of: { sql(text: string): Promise<Record<string, unknown>[]> }): Promise<unknown> =>
        (
          await of.sql(`select count(*)::int as n from pg_stat_activity where pid <> pg_backend_pid()
          and application_name = 'lifeboat' and (backend_type = 'walsender' or query like '%pg_backup_start%')`)
        )[0]?.['n'];

      it.each(ways('files'))(
        'trap "standby backups" (%s): under load a copy holds what was acknowledged before its moment, and the primary sends nothing',
        async (via) => {
          const load = await startLoad(cluster.url);
          const seen: unknown[] = [];
          const taken = await take(asset(via), repository, {
            seen: async ({ path }) => {
              if (path === 'global') seen.push(await backupsSeen(cluster), await backupsSeen(standby));
            },
          });
          const acknowledged = await load.stop();
          expect(seen[0]).toBe(0);
          expect(seen[1]).toBeGreaterThan(0);
          expect(taken.facts).toMatchObject({ facts: { from: 'standby', via, timeline: 1 }, warnings: [] });
          const before = acknowledged.filter(({ acknowledgedMs }) => acknowledgedMs < taken.facts.atMs);
          await withCopy(asset(via), taken, cluster.folder, async ({ url }) => {
            const ids = new Set((await runSql(url, 'select id from load')).map(({ id }) => id));
            expect(before.filter(({ id }) => !ids.has(id))).toEqual([]);
            const pages = await asset(via).check({ url }, [{ kind: 'pages', settings: 'all' }]);
            expect(pages.filter(({ ok }) => !ok)).toEqual([]);
          });
        },
        120_000,
      );

      it.each(ways('connection'))(
        'an idle primary has points of now (%s): its clock counts, not the last change',
        async (via) => {
          await cluster.sql('create table if not exists marks (n int)');
          await cluster.sql('insert into marks values (1)');
          await cluster.sql('checkpoint');
          for (let round = 0; round < 2; round += 1) {
            const [row] = await cluster.sql('select floor(extract(epoch from clock_timestamp()) * 1000)::text as at');
            const taken = await take(asset(via), repository);
            expect(taken.facts.atMs).toBeGreaterThanOrEqual(Number(row?.['at']));
          }
        },
        120_000,
      );

      it('with a rate the server sends no faster', async () => {
        const slow = postgresAsset({ url: cluster.url, standby: standby.url, rate: '20MB' });
        const startedMs = systemClock.elapsed();
        const taken = await take(slow, repository);
        const seconds = (systemClock.elapsed() - startedMs) / 1000;
        expect(taken.facts.facts['via']).toBe('connection');
        expect(taken.point.bytes / seconds).toBeLessThan(21e6);
      });

      it('one that is away is passed over for the primary, and the point says so', async () => {
        const away = standby.url.replace(/:\d+\/postgres$/, ':1/postgres');
        const taken = await take(postgresAsset({ url: cluster.url, standby: away }), repository);
        expect(taken.facts.warnings).toEqual([expect.stringMatching(/^The primary was read, because the standby/)]);
        expect(taken.facts.facts['from']).toBeUndefined();
      });

      it('is looked at before it is needed: one that is away is told, one that is none is an error', async () => {
        const remarksOf = async (url: string): Promise<string[]> => {
          const found = await postgresAsset({ url: cluster.url, standby: url }).survey?.();
          return (found?.remarks ?? []).flatMap(({ severity, message }) =>
            message.includes('standby') ? [`${severity}: ${message}`] : [],
          );
        };
        expect(await remarksOf(standby.url)).toEqual([]);
        expect(await remarksOf(cluster.url)).toEqual([
          expect.stringMatching(/^error: no point can be read .* is none/),
        ]);
        expect(await remarksOf(standby.url.replace(/:\d+\/postgres$/, ':1/postgres'))).toEqual([
          expect.stringMatching(/^warning: the standby .* does not answer, so the primary is read/),
        ]);
      });

      it('one that is no standby, or of another cluster, is refused, and leaves no point', async () => {
        const before = (await repository.points()).points.length;
        const self = postgresAsset({ url: cluster.url, standby: cluster.url });
        await expect(take(self, repository)).rejects.toMatchObject({ code: 'asset.foreign', message: /is none/ });
        const other = await startTestCluster({ major });
        try {
          const foreign = postgresAsset({ url: cluster.url, standby: other.url });
          await expect(take(foreign, repository)).rejects.toMatchObject({
            code: 'asset.foreign',
            message: /is cluster/,
          });
        } finally {
          await other.destroy();
        }
        expect((await repository.points()).points).toHaveLength(before);
      });

      it.each(ways('files'))(
        'trap "promotion during a backup of a standby" (%s): fails it, and leaves no point',
        async (via) => {
          const taken = await take(postgresAsset({ url: cluster.url }), repository);
          const second = await startTestStandby(cluster, taken);
          const before = (await repository.points()).points.length;
          let isPromoted = false;
          try {
            const promoted = postgresAsset({ url: cluster.url, standby: second.url, via });
            const taking = take(promoted, repository, {
              seen: async ({ path }) => {
                if (isPromoted || path !== 'global') return;
                isPromoted = true;
                await second.sql('select pg_promote()');
              },
            });
            await expect(taking).rejects.toMatchObject({ code: 'asset.changing', message: /promoted/ });
            expect((await repository.points()).points).toHaveLength(before);
          } finally {
            await second.server.stop();
          }
        },
        120_000,
      );
    },
  );
}
