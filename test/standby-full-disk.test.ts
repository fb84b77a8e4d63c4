import { spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openWorkspace } from '../src/app/index.ts';
import { silentProgress } from '../src/core/index.ts';
import { installedMajors, runSql, startStream, startTestCluster } from '../src/testing/postgres/index.ts';
import { whyNoMount } from '../src/testing/mounting.ts';
import { Place } from './support/lifeboat.ts';

const skipped = (await installedMajors()).includes(15) ? whyNoMount : 'no PostgreSQL 15';

it.skipIf(skipped !== undefined)(
  `lifeboat standby takes over a server that still runs, also where its disk has no room to start one${skipped === undefined ? '' : ` (skipped: ${skipped})`}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    const place = Place.in(cluster.folder);
    const disk = place.path('disk');
    let child: ChildProcess | undefined;
    let last: Record<string, unknown> = {};
    const start = (): void => {
      last = {};
      child = place.start(['standby', 'orders', '--to', './disk/standby', '--json'], {});
      child.stdout?.resume();
      child.stderr?.on('data', (piece: Buffer) => {
        for (const line of piece.toString().split('\n'))
          if (line.startsWith('{"')) last = JSON.parse(line) as Record<string, unknown>;
      });
    };
    const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
      child?.kill(signal);
      await once(child as ChildProcess, 'close');
    };
    try {
      process.env['LB_TEST_FULL_PASS'] = 'correct horse battery staple';
      process.env['LB_TEST_FULL_URL'] = cluster.url;
      await writeFile(place.path('lifeboat.yaml'), plan);
      await mkdir(disk);
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=200m,mode=755', 'tmpfs', disk]);
      await place.run('store', 'init');
      const workspace = await openWorkspace({
        planFile: place.path('lifeboat.yaml'),
        stateFolder: place.path('another-state'),
        progress: silentProgress,
      });
      const stream = await startStream(workspace.asset('orders'), await workspace.repository('near'));
      await place.run('backup', 'orders');
      const [flushed] = await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn');
      await stream.until(String(flushed?.['lsn']));
      await stream.stop();
      await workspace.close();
      start();
      await expect.poll(() => last['state'], { timeout: 40_000 }).toBe('following');
      await end('SIGKILL');
      const { bavail, bsize } = await statfs(disk);
      await writeFile(place.path('disk/filler'), Buffer.alloc(bavail * bsize - 10 * 2 ** 20));
      start();
      await expect.poll(() => last['state'], { timeout: 20_000 }).toBe('following');
      const port = new URL(String(last['url'])).port;
      const url = new URL(cluster.url);
      url.port = port;
      expect(await runSql(url.href, 'select pg_is_in_recovery() as is')).toEqual([{ is: true }]);
      await end('SIGTERM');
    } finally {
      child?.kill('SIGTERM');
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
