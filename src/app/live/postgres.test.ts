import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { missingPrograms } from '../../assets/postgres/survey/survey.ts';
import { backup, stream, streamStateFile, type StreamLine } from '../../operations/index.ts';
import { systemClock } from '../../core/index.ts';
import { installedMajors, startTestCluster, type TestCluster } from '../../testing/postgres/index.ts';
import { clockAhead, frame, LivePlace } from './testing/live-place.ts';

const [major] = await installedMajors();

/** The settings of a server that is run as it should be; the tests' own has no need to survive a power cut. */
const sound = { fsync: 'on' };

describe.skipIf(major === undefined)(
  `check --live: PostgreSQL (${major ?? 'no server programs on this machine'})`,
  () => {
    let cluster: TestCluster;
    let place: LivePlace;

    beforeAll(async () => {
      const hba = `host replication nobody_replicates 127.0.0.1/32 reject`;
      cluster = await startTestCluster({ major: major ?? 0, settings: sound, hba });
      await cluster.sql('create database orders');
      await cluster.sql('create database forgotten');
      await cluster.sql(`create role copier login replication password 'copier word'`);
      await cluster.sql(`create role nobody_replicates login replication password 'nobody word'`);
      await cluster.sql(`create role reader login password 'reader word'`);
      await cluster.sql('grant pg_read_all_settings to copier');
    });
    afterAll(() => cluster.destroy());
    afterEach(() => place.remove());

    const ofAsset = async (
      url: string,
      more = '',
      changed: Parameters<LivePlace['check']>[0] = {},
    ): Promise<string[]> => {
      process.env['LB_LIVE_URL'] = url;
      const asset = `orders: { type: postgres, url: { env: LB_LIVE_URL }, domain: here, policy: daily${more} }`;
      await place?.remove();
      place = await LivePlace.make(`${frame}assets: { ${asset} }\n`);
      const findings = (await place.check(changed)).filter(({ line }) => line === 7);
      return findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
    };

    it('says nothing of a sound server whose user may do what a backup needs', async () => {
      expect(await ofAsset(cluster.urlOf('copier', 'copier word'))).toEqual([]);
      expect(await ofAsset(cluster.url, ', method: logical')).toEqual([]);
    });

    it('live.asset_rights: no REPLICATION, no line in pg_hba.conf, a wrong password that is not repeated', async () => {
      const reader = await ofAsset(cluster.urlOf('reader', 'reader word'));
      expect(reader).toEqual([
        expect.stringMatching(/^error live\.asset_rights: the source of orders cannot be backed up/),
      ]);
      const refused = await ofAsset(cluster.urlOf('nobody_replicates', 'nobody word'));
      expect(refused).toEqual([expect.stringMatching(/^error live\.asset_rights: .*pg_hba/)]);
      const wrong = await ofAsset(cluster.urlOf('copier', 'not that word'));
      expect(wrong).toEqual([expect.stringMatching(/^error live\.asset_rights/)]);
      expect(JSON.stringify(wrong)).not.toContain('not that word');
    });

    it('live.point_old: of what is streamed the log counts, as the stream says or as it lies there, and not the age of the point', async () => {
      const old = async (aheadMs: number) =>
        (await place.check({ clock: clockAhead(aheadMs) })).filter(
          ({ code, path }) => code === 'live.point_old' && path.includes('orders'),
        );
      process.env['LB_LIVE_URL'] = cluster.url;
      await place?.remove();
      place = await LivePlace.make(
        `${frame}assets: { orders: { type: postgres, url: { env: LB_LIVE_URL }, domain: here, policy: daily, objectives: { rpo: 8s } } }\n`.replace(
          'to: [near] }',
          'to: [near], stream: { to: [near] } }',
        ),
      );
      await place.makeStore('near');
      await place.inWorkspace((workspace) => backup(workspace, 'orders'));
      const stop = new AbortController();
      const lines: StreamLine[] = [];
      const ended = place.inWorkspace((workspace) =>
        stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: stop.signal }),
      );
      // Behind the point, so that the log tells of a moment whatever the server's clock was when it was written.
      await expect.poll(() => lines.at(-1)?.state, { timeout: 30_000 }).toBe('streaming');
      await cluster.sql('create table ticks (n int)');
      // The stream says how it stands each five seconds; the point alone is older by then than what may be lost.
      await systemClock.sleep(9_500);
      expect(lines.at(-1)?.state).toBe('streaming');
      expect((await old(0)).map(({ severity, message }) => `${severity} ${message}`)).toEqual([]);
      stop.abort();
      await ended;
      const late = [
        {
          severity: 'error',
          message: expect.stringMatching(
            /^the log of orders in near leads from the newest point to .* ago, and the asset orders may lose 8 s$/,
          ),
        },
      ];
      expect(await old(60_000)).toMatchObject(late);
      // One of a server that lives on another timeline than a restore follows brings nothing that would come back.
      const line = lines.findLast(({ state }) => state === 'streaming');
      const passedBy = { timeline: 2, stores: ['near'] };
      const said = JSON.stringify({ ...line, at: systemClock.now() + 60_000, passedBy });
      await writeFile(streamStateFile(place.path('state'), 'orders'), said);
      expect(await old(60_000)).toMatchObject(late);
    });

    it('live.asset_unreachable: nobody listens there', async () => {
      const url = cluster.url.replace(/:\d+\/postgres$/, ':1/postgres');
      expect(await ofAsset(url)).toEqual([expect.stringMatching(/^error live\.asset_unreachable/)]);
    });

    it('live.asset_rights: a dump may not read a table, or row security would hide rows', async () => {
      await cluster.sql(
        'create table secrets (id int); create table rows (id int); grant select on rows to reader',
        'orders',
      );
      await cluster.sql('alter table rows enable row level security', 'orders');
      const logical = ', method: logical, databases: [orders]';
      const said = await ofAsset(cluster.urlOf('reader', 'reader word'), logical);
      expect(said.filter((line) => line.includes('asset_rights'))).toEqual([
        'error live.asset_rights: orders: reader may not read public.secrets in the database orders, so that a dump of it fails',
        'error live.asset_rights: orders: row security hides rows of public.rows in the database orders from reader, so that a dump of it fails',
      ]);
      await cluster.sql('drop table secrets; drop table rows', 'orders');
      expect((await ofAsset(cluster.urlOf('reader', 'reader word'), logical)).join()).not.toContain('asset_rights');
    });

    it('live.uncovered: a database that no dump names, unless another asset of the same server does', async () => {
      const orders = ', method: logical, databases: [orders]';
      expect(await ofAsset(cluster.url, orders)).toEqual([
        'warning live.uncovered: orders: the database forgotten is on the server, and no dump has it',
      ]);
      await place.remove();
      const url = 'type: postgres, url: { env: LB_LIVE_URL }, domain: here, method: logical';
      place = await LivePlace.make(
        `${frame}assets: { orders: { ${url}, databases: [orders] }, rest: { ${url}, databases: [forgotten] } }\n`,
      );
      expect(await place.said('live.uncovered')).toEqual([]);
    });

    it('live.clock: the server’s clock is not ours', async () => {
      expect(await ofAsset(cluster.urlOf('copier', 'copier word'), '', { clock: clockAhead(-60_000) })).toEqual([
        'warning live.clock: the clock of the server of orders is 1 min ahead of that of this machine',
      ]);
    });

    it('live.restore_programs: only programs of the same version, or for a dump no older ones, bring it back', async () => {
      const physical = { isLogical: false, databases: undefined };
      expect(await missingPrograms(major ?? 0, physical)).toEqual([]);
      expect(await missingPrograms(14, physical)).toMatchObject([
        { about: 'programs', message: expect.stringContaining('PostgreSQL 14') as string },
      ]);
      expect(await missingPrograms(99, { isLogical: true, databases: undefined })).toMatchObject([
        { about: 'programs' },
      ]);
    });

    it('live.asset_settings: a slot that nobody reads, an archive that fails, no free connection, no fsync', async () => {
      const copier = cluster.urlOf('copier', 'copier word');
      await cluster.restart({
        fsync: 'off',
        full_page_writes: 'off',
        max_wal_senders: '1',
        archive_mode: 'on',
        archive_command: 'false',
      });
      await cluster.sql(`select pg_create_physical_replication_slot('left_behind', true)`);
      for (let segment = 0; segment < 5; segment += 1) {
        await cluster.sql(`select pg_logical_emit_message(false, 'test', 'x')`);
        await cluster.sql('select pg_switch_wal()');
      }
      await until(
        async () => Number((await cluster.sql('select failed_count from pg_stat_archiver'))[0]?.['failed_count']) > 0,
      );
      const said = (await ofAsset(copier)).join('\n');
      expect(said).toContain('fsync is off');
      expect(said).toContain('full_page_writes is off');
      expect(said).toMatch(/[01] of 1 replication connections \(max_wal_senders\) are taken, and a backup needs two/);
      expect(said).toMatch(
        /nobody reads the replication slot left_behind, and it holds \d.* of log back, without a bound/,
      );
      expect(said).toMatch(/its own archive fails: \d+ times, last at 20/);
      expect(said).not.toContain('error');
    });

    it('trap "slots": a streamed server without a bound can lose its disk, one with a bound moments; the room is seen', async () => {
      await cluster.restart(sound);
      process.env['LB_LIVE_URL'] = cluster.urlOf('copier', 'copier word');
      const streamed = frame.replace('to: [near]', 'to: [near], stream: { to: [near] }');
      const asset = 'orders: { type: postgres, url: { env: LB_LIVE_URL }, domain: here, policy: daily }';
      const said = async (bound: string): Promise<string> => {
        await cluster.sql(`alter system set max_slot_wal_keep_size = '${bound}'`);
        await cluster.sql('select pg_reload_conf()');
        await until(
          async () => (await cluster.sql('show max_slot_wal_keep_size'))[0]?.['max_slot_wal_keep_size'] === bound,
        );
        await place?.remove();
        place = await LivePlace.make(`${streamed}assets: { ${asset} }\n`);
        return (await place.said('live.asset_settings')).filter((line) => line.includes('max_slot')).join('\n');
      };
      expect(await said('-1')).toMatch(
        /keeps all log, until the disk of the server is full \([\d.]+ [kMGT]?B are free/,
      );
      expect(await said('64MB')).toMatch(/more than 67 MB of log .* loses its place/);
      expect(await said('1000TB')).toMatch(/keep 1\.1 PB of log, and only .* are free/);
    });
  },
);

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (await isSo()) return;
    await systemClock.sleep(100);
  }
  throw new Error('it never became so');
}
