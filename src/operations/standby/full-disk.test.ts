import { spawnSync } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace } from '../../app/index.ts';
import { silentProgress, systemClock } from '../../core/index.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { installedMajors, runSql, startStream, startTestCluster, take } from '../../testing/postgres/index.ts';
import { standby, type StandbyLine } from '../index.ts';
import { makeStore } from '../testing/workspace.ts';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_STANDBY_URL }, domain: here } }
`;
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 90_000, interval: 200 });
const skipped = (await installedMajors()).includes(15) ? whyNoMount : 'no PostgreSQL 15';

it.skipIf(skipped !== undefined)(
  `a standby whose disk is full is red, waits, and goes on when there is room: nobody ends it, and nobody takes away what it has${skipped === undefined ? '' : ` (skipped: ${skipped})`}`,
  async () => {
    const settings = { max_slot_wal_keep_size: '1GB' };
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'], settings });
    const disk = join(cluster.folder, 'disk');
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_STANDBY_URL'] = cluster.url;
      const planFile = join(cluster.folder, 'lifeboat.yaml');
      await writeFile(planFile, plan);
      await makeStore(join(cluster.folder, 'near'));
      await mkdir(disk);
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=110m,mode=755', 'tmpfs', disk]);
      const workspace = await openWorkspace({
        planFile,
        stateFolder: join(cluster.folder, 'state'),
        progress: silentProgress,
      });
      const target = join(disk, 'standby');
      await cluster.sql('create table marks (n int)');
      const stream = await startStream(workspace.asset('orders'), await workspace.repository('near'));
      await take(workspace.asset('orders'), await workspace.repository('near'));
      const lines: StandbyLine[] = [];
      const ending = new AbortController();
      const ended = standby(workspace, {
        asset: 'orders',
        target,
        say: (line) => void lines.push(line),
        signal: ending.signal,
      });
      ended.catch(() => {}); // looked at below
      const say = (): StandbyLine | undefined => lines.at(-1);
      try {
        await soon(() => say()?.state).toBe('following');
        const { ino } = await stat(target);
        const seen = lines.length;
        for (let round = 0; round < 12; round += 1)
          await cluster.sql(`create table noise_${round} as select repeat('x', 900) from generate_series(1, 20000)`);
        await soon(() =>
          lines.slice(seen).some((line) => line.state === 'waiting' && /room|space/.test(line.reason ?? '')),
        ).toBe(true);
        // Long enough for more starts than a folder that is no good gets.
        await systemClock.sleep(15_000);
        expect(say()?.state).toBe('waiting');
        expect((await stat(target)).ino).toBe(ino);
        spawnSync('mount', ['-o', 'remount,size=900m', disk]);
        await cluster.sql('insert into marks values (7)');
        await soon(() => say()?.state).toBe('following');
        const url = new URL(cluster.url);
        url.port = new URL((lines.findLast((line) => 'url' in line) as { url: string }).url).port;
        await soon(() => runSql(url.href, 'select n from marks')).toEqual([{ n: 7 }]);
        expect(lines.slice(seen).filter(({ state }) => state === 'seeding')).toEqual([]);
        expect((await stat(target)).ino).toBe(ino);
      } finally {
        ending.abort();
        await ended.catch(() => {}); // seen above
        await stream.stop().catch(() => {}); // the same
        await workspace.close();
      }
    } finally {
      spawnSync('umount', ['--lazy', disk]);
      await cluster.destroy();
    }
  },
);
