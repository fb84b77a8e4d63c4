import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace } from '../../app/index.ts';
import { silentProgress } from '../../core/index.ts';
import { installedMajors, startTestCluster } from '../../testing/postgres/index.ts';
import { pushLog } from './push-log.ts';
import { makeStore } from '../testing/workspace.ts';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_URL }, policy: p, domain: here } }
policies: { p: { to: [near], stream: { to: [near], every: 1s }, keep: { daily: 90d, pitr: 7d } } }
`;
const missing = !(await installedMajors()).includes(15);

const why = missing ? ' (skipped: no PostgreSQL 15)' : '';

interface Ground {
  /** Segments that the server has marked as ready, in the order of the log. */
  readonly ready: readonly string[];
  readonly folder: string;
  readonly stateFolder: string;
  open(): ReturnType<typeof openWorkspace>;
}

/** A server whose archive_command fails, so that its segments wait for somebody to hand them over. */
async function withServer(work: (ground: Ground) => Promise<void>): Promise<void> {
  const cluster = await startTestCluster({
    major: 15,
    initdb: ['--wal-segsize=1'],
    settings: { archive_mode: 'on', archive_command: 'false' },
  });
  try {
    process.env['LB_TEST_PASS'] = 'a passphrase for tests';
    process.env['LB_TEST_URL'] = cluster.url;
    const planFile = join(cluster.folder, 'lifeboat.yaml');
    await writeFile(planFile, plan);
    await makeStore(join(cluster.folder, 'near'));
    for (let n = 0; n < 5; n += 1) {
      await cluster.sql(`select pg_logical_emit_message(false, 'x', 'y')`);
      await cluster.sql('select pg_switch_wal()');
    }
    const folder = join(cluster.dataFolder, 'pg_wal');
    const ready = (await readdir(join(folder, 'archive_status')))
      .filter((name) => name.endsWith('.ready'))
      .map((name) => join(folder, basename(name, '.ready')))
      .toSorted();
    expect(ready.length).toBeGreaterThanOrEqual(5);
    const stateFolder = join(cluster.folder, 'state');
    const open = () => openWorkspace({ planFile, stateFolder, progress: silentProgress });
    await work({ ready, folder: cluster.folder, stateFolder, open });
  } finally {
    await cluster.destroy();
  }
}

it.skipIf(missing)(
  `one call of archive_command stores all segments that are ready, and "done" is said of the very same bytes only${why}`,
  () =>
    withServer(async ({ ready, folder, stateFolder, open }) => {
      const first = await open();
      await pushLog(first, 'orders', ready[0] as string);
      const source = (await readFile(join(stateFolder, 'log-source-orders'), 'utf8')).trim();
      const log = (await first.repository('near')).log('orders', source);
      expect((await log.list()).pieces).toHaveLength(ready.length);
      await first.close();

      // Whatever keeps the store away: what is stored already is only compared.
      await rm(join(folder, 'near'), { recursive: true });
      await mkdir(join(folder, 'near'));
      const second = await open();
      expect(await pushLog(second, 'orders', ready[1] as string)).toEqual({ stored: true });
      // Its note is used up, so that the store is asked; the same for a file that is not as it was.
      await expect(pushLog(second, 'orders', ready[1] as string)).rejects.toMatchObject({ code: /^repository|store/ });
      await appendFile(ready[2] as string, 'x');
      await expect(pushLog(second, 'orders', ready[2] as string)).rejects.toMatchObject({ code: 'asset.corrupt' });
      await second.close();
    }),
);

it.skipIf(missing)(
  `trap "archive_command must not drop log": the server keeps a segment as long as one of the stores does not take it${why}`,
  () =>
    withServer(async ({ ready, folder, stateFolder, open }) => {
      const workspace = await open();
      await pushLog(workspace, 'orders', ready[0] as string);
      const source = (await readFile(join(stateFolder, 'log-source-orders'), 'utf8')).trim();
      const log = (await workspace.repository('near')).log('orders', source);
      const { pieces } = await log.list();
      await log.remove(pieces);
      await rm(join(stateFolder, 'pushed'), { recursive: true });
      // A folder stands where the object should.
      const blocked = join(folder, 'near', 'logs', log.id);
      await rm(blocked, { recursive: true });
      await writeFile(blocked, '');
      await expect(pushLog(workspace, 'orders', ready[1] as string)).rejects.toMatchObject({ code: /^store\./ });
      await rm(blocked);
      expect(await pushLog(workspace, 'orders', ready[1] as string)).toEqual({ stored: true });
      expect((await log.list()).pieces[0]).toMatchObject({ start: pieces[1]?.start, end: pieces[1]?.end });
      await workspace.close();
    }),
);

it.skipIf(missing)(
  `trap "archive_command checks the system identifier": a segment of another cluster is refused, and nothing of it is stored${why}`,
  () =>
    withServer(async ({ ready, folder, open }) => {
      const workspace = await open();
      await pushLog(workspace, 'orders', ready[0] as string);
      const bytes = await readFile(ready[1] as string);
      // The first page of a segment says of which cluster it is.
      bytes.writeBigUInt64LE(7n, 24);
      const other = join(folder, basename(ready[1] as string));
      await writeFile(other, bytes);
      await expect(pushLog(workspace, 'orders', other)).rejects.toMatchObject({
        code: 'asset.foreign',
        message: expect.stringMatching(/is of cluster 7, and orders is cluster \d+$/) as string,
      });
      expect((await (await workspace.repository('near')).log('orders', '7').list()).pieces).toEqual([]);
      await workspace.close();
    }),
);
