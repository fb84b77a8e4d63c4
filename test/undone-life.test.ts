import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace } from '../src/app/index.ts';
import { silentProgress } from '../src/core/index.ts';
import { standby, type StandbyLine, type StreamLine } from '../src/operations/index.ts';
import { installedMajors, runSql, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { Place, type Answer } from './support/lifeboat.ts';
import { writeAndStream as streamed } from './support/write-and-stream.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];

const plan = `lifeboat: 1
plan: undone
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_UNDONE_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: here }
  far: { type: fs, path: ./far, domain: there }
policies:
  continuous: { to: [near, far], stream: { to: [near, far], mode: async, every: 1s }, keep: { atLeast: 1 } }
assets:
  orders:
    type: postgres
    url: { env: LB_TEST_UNDONE_URL }
    domain: here
    policy: continuous
    checks: [{ sql: "select string_agg(n::text, ' ' order by n) from marks", expect: value != '' }]
`;

/** 1 and 2 in the old life; it is taken back to before 2, and writes 20; then that is undone, and the old life writes 3. */
describe.skipIf(major === undefined)(
  `a life that was undone${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  () => {
    let cluster: TestCluster;
    let place: Place;
    let server = '';

    beforeAll(async () => {
      // The stream that begins behind a restore in place must still find the fork.
      cluster = await startTestCluster({
        major: major as number,
        initdb: ['--wal-segsize=1'],
        settings: { wal_keep_size: '512MB' },
      });
      place = Place.in(cluster.folder);
      process.env['LB_TEST_UNDONE_PASS'] = 'correct horse battery staple';
      process.env['LB_TEST_UNDONE_URL'] = cluster.url;
      await writeFile(place.path('lifeboat.yaml'), plan);
      await must(place.run('store', 'init'));
      const [system] = await cluster.sql('select system_identifier::text as id from pg_control_system()');
      server = String(system?.['id']);
      await cluster.sql('create table marks (n int)');
      await must(place.run('backup', 'orders'));
      await writeAndStream(1);
      // In each store one that its log goes on from: the first one of near was taken before that of far, from which on both have log.
      await must(place.run('backup', 'orders'));
    });
    afterAll(async () => {
      await cluster?.destroy();
    });

    const writeAndStream = (n: number): Promise<StreamLine[]> =>
      streamed(place, (text) => cluster.sql(text), `insert into marks values (${n})`);
    const must = async (answer: Promise<Answer>): Promise<Answer> => {
      const one = await answer;
      if (one.exitCode !== 0) throw new Error(one.stdout + one.stderr);
      return one;
    };
    const inPlace = (...words: string[]): Promise<Answer> =>
      must(place.run('restore', ...words, '--to', cluster.dataFolder, '--yes', '--server', server));
    const timelineOf = async (...words: string[]): Promise<unknown> => {
      const { json } = await must(place.run('restore', 'orders', '--to', './copy', '--dry-run', ...words));
      return (json['log'] as Record<string, unknown>)['timeline'];
    };
    const restored = async (to: string, ...words: string[]): Promise<unknown> => {
      const { json } = await must(place.run('restore', 'orders', '--to', to, ...words));
      const checks = json['checks'] as { name: string; observed: string }[];
      return checks.find(({ name }) => name.includes('string_agg'))?.observed;
    };

    /** What a new standby from the store holds when it has come up. */
    const onStandby = async (): Promise<unknown> => {
      const workspace = await openWorkspace({
        planFile: place.path('lifeboat.yaml'),
        stateFolder: place.path('of-the-standby'),
        progress: silentProgress,
      });
      const lines: StandbyLine[] = [];
      const stop = new AbortController();
      const target = place.path('standby');
      const ended = standby(workspace, {
        asset: 'orders',
        target,
        say: (line) => void lines.push(line),
        signal: stop.signal,
      });
      try {
        const last = (): StandbyLine | undefined => lines.at(-1);
        const isUp = () => last()?.state === 'following' && (last() as { behindBytes?: number }).behindBytes === 0;
        await expect.poll(isUp, { timeout: 40_000 }).toBe(true);
        const url = new URL(cluster.url);
        url.port = new URL((last() as { url: string }).url).port;
        return (await runSql(url.href, `select string_agg(n::text, ' ' order by n) as all from marks`))[0]?.['all'];
      } finally {
        stop.abort();
        await ended;
        await workspace.asset('orders').standby?.stop(target);
        await workspace.close();
      }
    };

    it('is passed by: a restore without a timeline brings back what the life that was gone back to wrote since, from each store', async () => {
      const [mistake] = await cluster.sql('insert into marks values (2) returning xmin::text as id');
      await writeAndStream(2);
      await cluster.server.stop();
      // From near, where the image is then: far is away when it is undone.
      await inPlace('orders', '--in-place', '--store', 'near', '--before', String(mistake?.['id']));
      await cluster.restart();
      await must(place.run('backup', 'orders'));
      await writeAndStream(20);
      expect(await timelineOf()).toBe(2);
      await cluster.server.stop();
      // One store is away meanwhile, and hears of it from the next stream.
      await rename(place.path('far'), place.path('away'));
      const undone = await inPlace('undo', 'orders');
      expect(undone.json['warnings']).toEqual([
        expect.stringMatching(/^far does not know which life of orders goes on/),
      ]);
      await rename(place.path('away'), place.path('far'));
      await cluster.restart();
      expect(await timelineOf('--store', 'near')).toBe(1);
      expect(await timelineOf('--store', 'far')).toBe(2);
      expect(await timelineOf()).toBe(1);
      // The newest point is one of the life that ended.
      expect(await timelineOf('--store', 'near', '--timeline', 'current')).toBe(1);
      const { json } = await must(place.run('restore', 'orders', '--to', './copy', '--dry-run'));
      expect(json['log']).toMatchObject({ timeline: 1, ended: [2] });

      const lines = await writeAndStream(3);
      expect(lines.filter((line) => 'passedBy' in line)).toEqual([]);
      for (const store of ['near', 'far']) expect(await timelineOf('--store', store)).toBe(1);
      expect(await restored('./now')).toBe('value is 1 2 2 3');
      expect(await onStandby()).toBe('1 2 2 3');
      await must(place.run('backup', 'orders'));
      await writeAndStream(4);
      expect(await timelineOf()).toBe(1);
    });

    it('comes back all the same where its timeline is named', async () => {
      expect(await restored('./undone', '--timeline', '2')).toBe('value is 1 20');
    });

    it('is not guessed where what tells of it is damaged, which keeps nobody from a life that is named', async () => {
      const [log = ''] = await readdir(place.path('near', 'logs'));
      const folder = place.path('near', 'logs', log, '00000002');
      const names = (await readdir(folder)).filter((one) => one.endsWith('.ended'));
      const whole = await Promise.all(names.map((name) => readFile(join(folder, name))));
      for (const [index, name] of names.entries())
        await writeFile(join(folder, name), Buffer.from(whole[index] as Buffer).fill(7, 40));
      const refused = await place.run('restore', 'orders', '--to', './copy', '--dry-run', '--store', 'near');
      expect(refused, refused.stdout).toMatchObject({
        json: { error: { code: 'repository.damaged', hint: expect.stringContaining('--timeline 1 or --timeline 2') } },
      });
      for (const timeline of [1, 2])
        expect(await timelineOf('--store', 'near', '--timeline', String(timeline))).toBe(timeline);
      for (const [index, name] of names.entries()) await writeFile(join(folder, name), whole[index] as Buffer);
    });

    it('goes on where the undoing was undone', async () => {
      await cluster.server.stop();
      await inPlace('undo', 'orders');
      expect(await timelineOf()).toBe(2);
      await cluster.restart();
      await writeAndStream(21);
      expect(await restored('./again')).toBe('value is 1 20 21');
    });
  },
);
