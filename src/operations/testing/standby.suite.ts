import { existsSync } from 'node:fs';
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, type OpenWorkspace } from '../../app/index.ts';
import { askFence } from '../../assets/postgres/standby/fence.ts';
import { silentProgress } from '../../core/index.ts';
import {
  installedMajors,
  runSql,
  startStream,
  startTestCluster,
  take,
  type TestCluster,
  type TestStream,
} from '../../testing/postgres/index.ts';
import { promotedBefore, promoteStandby, standby, type StandbyLine } from '../index.ts';
import { makeStore } from './workspace.ts';

const installed = await installedMajors();

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets:
  orders: { type: postgres, url: { env: LB_TEST_STANDBY_URL }, domain: here }
`;

interface Kept {
  readonly lines: StandbyLine[];
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
  url(): string;
}

/** What every supported version must do as a standby. */
export function describeStandby(major: number | undefined): void {
  const missing = major === undefined || !installed.includes(major);
  describe.skipIf(missing)(
    `a warm standby of PostgreSQL ${major ?? ''}${missing ? ' (skipped: not installed)' : ''}`,
    () => {
      let cluster: TestCluster;
      let workspace: OpenWorkspace;
      let stream: TestStream;
      let target: string;

      beforeAll(async () => {
        cluster = await startTestCluster({
          major: major as number,
          initdb: ['--wal-segsize=1'],
          settings: { max_slot_wal_keep_size: '64MB' },
        });
        process.env['LB_TEST_PASS'] = 'a passphrase for tests';
        process.env['LB_TEST_STANDBY_URL'] = cluster.url;
        await writeFile(join(cluster.folder, 'lifeboat.yaml'), plan);
        await makeStore(join(cluster.folder, 'near'));
        workspace = await openWorkspace({
          planFile: join(cluster.folder, 'lifeboat.yaml'),
          stateFolder: join(cluster.folder, 'state'),
          progress: silentProgress,
        });
        target = join(cluster.folder, 'standby');
        await cluster.sql('create table marks (n int)');
        const repository = await workspace.repository('near');
        stream = await startStream(workspace.asset('orders'), repository);
        await take(workspace.asset('orders'), repository);
      });
      let running: Kept[] = [];
      afterEach(async () => {
        for (const kept of running) await kept.stop().catch(() => {}); // what ended it was seen by its test
        running = [];
      });
      afterAll(async () => {
        await stream?.stop().catch(() => {}); // a test took its server
        await workspace?.asset('orders').standby?.stop(target);
        await workspace?.close();
        await cluster?.destroy();
      });

      const keep = (order?: Parameters<typeof standby>[1]['order']): Kept => {
        const lines: StandbyLine[] = [];
        const ending = new AbortController();
        const ended = standby(workspace, {
          asset: 'orders',
          target,
          say: (line) => void lines.push(line),
          signal: ending.signal,
          ...(order === undefined ? {} : { order }),
        });
        ended.catch(() => {}); // whoever stops it hears it
        const kept: Kept = {
          lines,
          ended,
          stop: async () => {
            ending.abort();
            await ended;
          },
          url: () => {
            const last = lines.findLast((line) => 'url' in line && line.url !== undefined) as { url: string };
            const url = new URL(cluster.url);
            url.port = new URL(last.url).port;
            return url.href;
          },
        };
        running.push(kept);
        return kept;
      };
      const mark = async (n: number): Promise<void> => {
        await cluster.sql(`insert into marks values (${n})`);
        const [row] = await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn');
        await stream.until(String(row?.['lsn']));
      };
      const marksOf = async (url: string): Promise<unknown[]> =>
        (await runSql(url, 'select n from marks order by n')).map(({ n }) => n);
      const following = (kept: Kept): Promise<void> =>
        expect.poll(() => kept.lines.at(-1)?.state, { timeout: 30_000 }).toBe('following');

      it('begins as the newest point, replays open segments as they arrive, answers questions and takes no writes', async () => {
        await mark(1);
        const kept = keep();
        await following(kept);
        await mark(2);
        await expect.poll(() => marksOf(kept.url()), { timeout: 30_000 }).toEqual([1, 2]);
        await expect(runSql(kept.url(), 'insert into marks values (99)')).rejects.toThrow(/read-only/);
        await expect
          .poll(() => kept.lines.at(-1), { timeout: 30_000 })
          .toMatchObject({ behindBytes: 0, behindSeconds: 0 });
        // Over the end of a segment.
        await cluster.sql('select pg_switch_wal()');
        await mark(3);
        await expect.poll(() => marksOf(kept.url()), { timeout: 30_000 }).toEqual([1, 2, 3]);
        // Where its address leads to the standby itself, as one that was moved, the source is proven nothing.
        const [row] = await cluster.sql('select system_identifier::text as id from pg_control_system()');
        expect(await askFence(async () => kept.url(), String(row?.['id']))).toMatchObject({
          source: 'unknown',
          what: expect.stringContaining('a standby of Lifeboat answers'),
        });
        await kept.stop();
        expect(kept.lines.at(-1)).toMatchObject({ state: 'ended' });
        await expect(runSql(kept.url(), 'select 1')).rejects.toThrow(/ECONNREFUSED/);
      });

      it('goes on after its server was killed', async () => {
        const kept = keep();
        await following(kept);
        const [main] = (await readFile(join(target, 'postmaster.pid'), 'utf8')).split('\n');
        process.kill(Number(main), 'SIGKILL');
        await mark(4);
        await expect.poll(() => marksOf(kept.url()).catch(() => []), { timeout: 30_000 }).toEqual([1, 2, 3, 4]);
        await kept.stop();
      });

      it('trap "behind the prune": when the log that it needs is gone it says so, and makes itself anew', async () => {
        const { log } = stream;
        for (let n = 0; n < 3; n += 1) await cluster.sql('select pg_switch_wal()');
        await mark(5);
        const taken = await take(workspace.asset('orders'), await workspace.repository('near'));
        const base = workspace.asset('orders').log?.baseOf(taken.facts.facts);
        await mark(6);
        const { pieces } = await log.list();
        await log.remove(pieces.filter(({ end }) => end <= (base?.start ?? 0n)));
        const kept = keep();
        await expect
          .poll(() => kept.lines.find(({ state }) => state === 'seeding'), { timeout: 30_000 })
          .toMatchObject({
            reason: expect.stringMatching(/is not in the store any more/),
          });
        await expect.poll(() => marksOf(kept.url()).catch(() => []), { timeout: 30_000 }).toEqual([1, 2, 3, 4, 5, 6]);
        await kept.stop();
      });

      it('refuses to be promoted while the source takes writes, or without a word when nobody knows', async () => {
        const ask = (fencedBy?: string) =>
          promoteStandby(workspace, {
            asset: 'orders',
            target,
            say: () => {},
            signal: new AbortController().signal,
            ...(fencedBy === undefined ? {} : { fencedBy }),
          });
        for (const words of [undefined, 'kim pulled the plug of db1'])
          await expect(ask(words)).rejects.toMatchObject({ code: 'standby.not_fenced' });
        await cluster.server.kill();
        for (const words of [undefined, 'yes'])
          await expect(ask(words)).rejects.toMatchObject({
            code: 'standby.not_fenced',
            message: expect.stringMatching(/not answer/),
          });
      });

      it('promoted by the process that keeps it has all that is in the store, on a timeline of its own', async () => {
        const kept = keep();
        await following(kept);
        const report = await promoteStandby(workspace, {
          asset: 'orders',
          target,
          fencedBy: 'kim pulled the plug of db1',
          say: () => {},
          signal: new AbortController().signal,
        });
        expect(report).toMatchObject({ fence: { source: 'unknown' }, promotion: { timeline: 2 } });
        await kept.ended;
        expect(kept.lines.at(-1)).toMatchObject({ state: 'promoted' });
        expect(await marksOf(kept.url())).toEqual([1, 2, 3, 4, 5, 6]);
        await runSql(kept.url(), 'insert into marks values (7)');
        expect(workspace.journal.records({ kinds: ['standby.fenced'] }).at(-1)?.data).toMatchObject({
          fencedBy: 'kim pulled the plug of db1',
        });
        expect(await promotedBefore(workspace, 'orders', target)).toMatchObject({
          server: 'promoted',
          promotion: { url: report.promotion.url, timeline: 2 },
        });
        // Named by another path, as it was then.
        const linked = join(cluster.folder, 'linked');
        await symlink(target, linked);
        workspace.journal.append('standby.finished', { asset: 'orders', target: linked, promotion: report.promotion });
        expect(await promotedBefore(workspace, 'orders', linked)).toMatchObject({ server: 'promoted' });
        await rm(linked);
        await workspace.asset('orders').standby?.stop(target);
        expect(await promotedBefore(workspace, 'orders', target)).toMatchObject({ server: 'none' });
        expect(existsSync(join(target, 'standby.signal'))).toBe(false);
        await rm(target, { recursive: true });
      });
    },
  );
}
