import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  startTestCluster,
  startTestStandby,
  take,
} from '../../../testing/postgres/index.ts';
import { judgeBound } from './survey-slots.ts';

const gib = 2 ** 30;

describe('what max_slot_wal_keep_size means for a server', () => {
  it('without a bound: when its disk is full, at the rate that it wrote so far, and a bound that fits', () => {
    expect(judgeBound({ boundBytes: undefined, freeBytes: 40 * gib, bytesPerSecond: 2e6 })).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining(
        '(43 GB are free there, 5 h 57 m at the 2.0 MB a second that the server',
      ) as string,
      hint: expect.stringContaining("max_slot_wal_keep_size = '20GB'") as string,
    });
    expect(judgeBound({ boundBytes: undefined, freeBytes: undefined, bytesPerSecond: undefined }).message).toContain(
      'how much room it has cannot be seen from here',
    );
  });

  it('with one: how long a stream may be away before moments are lost', () => {
    expect(judgeBound({ boundBytes: 10 * gib, freeBytes: 40 * gib, bytesPerSecond: 2e6 })).toMatchObject({
      severity: 'info',
      message: expect.stringContaining(
        'more than 11 GB of log (max_slot_wal_keep_size), 1 h 29 m at the 2.0 MB',
      ) as string,
    });
  });

  it('with one that the disk has no room for: that the bound is none', () => {
    expect(judgeBound({ boundBytes: 10 * gib, freeBytes: 4 * gib, bytesPerSecond: 2e6 })).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('11 GB of log, and only 4.3 GB are free') as string,
    });
  });
});

const [major] = await installedMajors();

it.skipIf(major === undefined)(
  `a standby that would be promoted without any log for the stream is said, one that keeps some is not${major === undefined ? ' (skipped: no server programs on this machine)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: major ?? 0 });
    try {
      const asset = postgresAsset({ url: cluster.url });
      const said = async (): Promise<string[]> =>
        ((await asset.survey?.({ isStreamed: true }))?.remarks ?? [])
          .map(({ message }) => message)
          .filter((message) => message.includes('standby follows it'));
      expect(await said()).toEqual([]);
      const repository = await makeTestRepository(join(cluster.folder, 'store'));
      const standby = await startTestStandby(cluster, await take(asset, repository));
      try {
        expect(await said()).toEqual([
          expect.stringContaining('a standby follows it, and wal_keep_size is 0: one that'),
        ]);
        await cluster.sql(`alter system set wal_keep_size = '64MB'`);
        await cluster.sql('select pg_reload_conf()');
        await expect.poll(said, { timeout: 10_000 }).toEqual([]);
      } finally {
        await standby.server.stop();
        await repository.close();
      }
    } finally {
      await cluster.destroy();
    }
  },
);
