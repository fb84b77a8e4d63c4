import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace } from '../src/app/index.ts';
import { freePort, silentProgress } from '../src/core/index.ts';
import {
  installedMajors,
  runSql,
  startStream,
  startTestCluster,
  type TestCluster,
} from '../src/testing/postgres/index.ts';
import { Place } from './support/lifeboat.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];

describe.skipIf(major === undefined)(
  `lifeboat standby --port, of a server that asks for no password${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  () => {
    let cluster: TestCluster;
    let place: Place;
    let child: ChildProcess | undefined;
    let lines: Record<string, unknown>[] = [];
    const last = (): Record<string, unknown> => lines.at(-1) ?? {};

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
      await place.run('store', 'init');
      const workspace = await openWorkspace({
        planFile: place.path('lifeboat.yaml'),
        stateFolder: place.path('another-state'),
        progress: silentProgress,
      });
      const stream = await startStream(workspace.asset('orders'), await workspace.repository('near'));
      await place.run('backup', 'orders');
      const [end] = await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn');
      await stream.until(String(end?.['lsn']));
      await stream.stop();
      await workspace.close();
    });
    afterAll(async () => {
      child?.kill('SIGTERM');
      await cluster?.destroy();
    });

    const start = (port: number): void => {
      lines = [];
      const words = ['standby', 'orders', '--to', './standby', '--port', String(port), '--json'];
      child = place.start(words, { TMPDIR: place.path('temporary') });
      child.stdout?.resume();
      child.stderr?.on('data', (piece: Buffer) => {
        for (const line of piece.toString().split('\n'))
          if (line.startsWith('{"')) lines.push(JSON.parse(line) as Record<string, unknown>);
      });
    };
    const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
      child?.kill(signal);
      await once(child as ChildProcess, 'close');
    };

    it('listens on the port too, for whoever has a password, also when it is taken over; nothing is left of it elsewhere', async () => {
      const port = await freePort();
      for (const ending of ['SIGKILL', 'SIGTERM'] as const) {
        start(port);
        await expect.poll(() => last()['state'], { timeout: 40_000 }).toBe('following');
        expect(last()['address']).toBe(`127.0.0.1:${port}`);
        const ten = [{ n: 10 }];
        expect(await runSql(String(last()['url']), 'select count(*)::int as n from orders')).toEqual(ten);
        const byPort = cluster.url.replace(/:\d+\/postgres$/, `:${port}/postgres`);
        expect(await runSql(byPort, 'select count(*)::int as n from orders')).toEqual(ten);
        await expect(runSql(byPort.replace(/\/\/[^@]*@/, '//trusted@'), 'select 1')).rejects.toThrow(/password/);
        await end(ending);
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
