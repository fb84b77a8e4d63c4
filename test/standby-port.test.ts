import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../src/core/index.ts';
import { installedMajors, runSql, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { Place } from './support/lifeboat.ts';
import { streamOnce } from './support/streamed-once.ts';
import { ToldChild } from './support/told-child.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];

describe.skipIf(major === undefined)(
  `lifeboat standby --port, of a server that asks for no password${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  () => {
    let cluster: TestCluster;
    let place: Place;
    let child: ToldChild | undefined;

    beforeAll(async () => {
      cluster = await startTestCluster({
        major: major as number,
        initdb: ['--wal-segsize=1'],
        hba: 'host all trusted 127.0.0.1/32 trust\nhost replication trusted 127.0.0.1/32 trust',
      });
      await cluster.sql('create role trusted login superuser');
      await cluster.sql('create table orders as select generate_series(1, 10) as id');
      place = Place.in(cluster.folder);
      process.env['LB_TEST_PORT_PASS'] = 'correct horse battery staple';
      process.env['LB_TEST_PORT_URL'] = cluster.urlOf('trusted', '').replace(':@', '@');
      await writeFile(place.path('lifeboat.yaml'), plan);
      await mkdir(place.path('temporary'));
      await streamOnce(place, cluster);
    });
    afterAll(async () => {
      await child?.end('SIGTERM');
      await cluster?.destroy();
    });

    it('listens on the port too, for whoever has a password, also when it is taken over; nothing is left of it elsewhere', async () => {
      const port = await freePort();
      for (const ending of ['SIGKILL', 'SIGTERM'] as const) {
        child = new ToldChild(place, ['standby', 'orders', '--to', './standby', '--port', String(port)], {
          TMPDIR: place.path('temporary'),
        });
        await expect.poll(() => child?.last['state'], { timeout: 40_000 }).toBe('following');
        expect(child.last['address']).toBe(`127.0.0.1:${port}`);
        const ten = [{ n: 10 }];
        expect(await runSql(String(child.last['url']), 'select count(*)::int as n from orders')).toEqual(ten);
        const byPort = cluster.url.replace(/:\d+\/postgres$/, `:${port}/postgres`);
        expect(await runSql(byPort, 'select count(*)::int as n from orders')).toEqual(ten);
        await expect(runSql(byPort.replace(/\/\/[^@]*@/, '//trusted@'), 'select 1')).rejects.toThrow(/password/);
        await child.end(ending);
      }
      expect(await readdir(place.path('temporary'))).toEqual([]);
    });
  },
);

const plan = `lifeboat: 1
plan: port
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PORT_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_PORT_URL }, domain: here } }
`;
