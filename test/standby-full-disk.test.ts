import { spawnSync } from 'node:child_process';
import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { installedMajors, runSql, startTestCluster } from '../src/testing/postgres/index.ts';
import { whyNoMount } from '../src/testing/mounting.ts';
import { Place } from './support/lifeboat.ts';
import { streamOnce } from './support/streamed-once.ts';
import { ToldChild } from './support/told-child.ts';

const skipped = (await installedMajors()).includes(15) ? whyNoMount : 'no PostgreSQL 15';

it.skipIf(skipped !== undefined)(
  `lifeboat standby takes over a server that still runs, also where its disk has no room to start one${skipped === undefined ? '' : ` (skipped: ${skipped})`}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    const place = Place.in(cluster.folder);
    const disk = place.path('disk');
    const start = (): ToldChild => new ToldChild(place, ['standby', 'orders', '--to', './disk/standby']);
    let child: ToldChild | undefined;
    try {
      process.env['LB_TEST_FULL_PASS'] = 'correct horse battery staple';
      process.env['LB_TEST_FULL_URL'] = cluster.url;
      await writeFile(place.path('lifeboat.yaml'), plan);
      await mkdir(disk);
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=755', 'tmpfs', disk]);
      await streamOnce(place, cluster);
      child = start();
      await expect.poll(() => child?.last['state'], { timeout: 40_000 }).toBe('following');
      await child.end('SIGKILL');
      const { bavail, bsize } = await statfs(disk);
      await writeFile(place.path('disk/filler'), Buffer.alloc(bavail * bsize - 10 * 2 ** 20));
      child = start();
      await expect.poll(() => child?.last['state'], { timeout: 20_000 }).toBe('following');
      const port = new URL(String(child.last['url'])).port;
      const url = new URL(cluster.url);
      url.port = port;
      expect(await runSql(url.href, 'select pg_is_in_recovery() as is')).toEqual([{ is: true }]);
      await child.end('SIGTERM');
    } finally {
      await child?.end('SIGTERM');
      spawnSync('umount', ['--lazy', disk]);
      await cluster.destroy();
    }
  },
);

const plan = `lifeboat: 1
plan: full
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_FULL_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_FULL_URL }, domain: here } }
`;
