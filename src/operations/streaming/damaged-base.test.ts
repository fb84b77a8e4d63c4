import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace } from '../../app/index.ts';
import type { Asset, LogKeeping } from '../../assets/index.ts';
import { silentProgress } from '../../core/index.ts';
import { installedMajors, startTestCluster } from '../../testing/postgres/index.ts';
import { backup, listPoints, planRestore, stream, verify, type StreamLine, type Workspace } from '../index.ts';
import { damageFiles, makeStore, packFiles, withWorkspace } from '../testing/workspace.ts';

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
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000, interval: 100 });

it.skipIf(missing)(
  `a point that a verification finds damaged while its log is streamed is no base of it any more: another one is taken at once, and only one${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      const planFile = join(cluster.folder, 'lifeboat.yaml');
      await writeFile(planFile, plan);
      await makeStore(join(cluster.folder, 'near'));
      const stateFolder = join(cluster.folder, 'state');
      const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress });
      const lines: StreamLine[] = [];
      const ending = new AbortController();
      const streamed = async (): Promise<() => Promise<void>> => {
        const begin = lines.length;
        const run = new AbortController();
        const done = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: run.signal });
        done.catch(() => {}); // whoever ends it hears it
        ending.signal.addEventListener('abort', () => run.abort());
        await soon(() => isComplete(lines.slice(begin).at(-1))).toBe(true);
        return async () => {
          run.abort();
          await done;
        };
      };
      const isComplete = (line: StreamLine | undefined): boolean =>
        line?.state === 'streaming' && line.reason === undefined && line.stores[0]?.completeToMs !== undefined;
      const taken = (): number => workspace.journal.records({ kinds: ['backup.finished'] }).length;
      try {
        const end = await streamed();
        expect(taken()).toBe(1);
        await damageFiles(await packFiles(join(cluster.folder, 'near')));
        const before = lines.length;
        const { results } = await verify(workspace, { assets: ['orders'], everything: false });
        expect(results.map(({ ok }) => ok)).toEqual([false]);
        await soon(taken).toBe(2);
        await soon(() => isComplete(lines.at(-1))).toBe(true);
        expect(lines.slice(before).find((line) => line.state === 'base')).toMatchObject({
          reason: 'a new recovery point is taken: no recovery point that leads to the log is in near yet',
        });
        const { points } = await listPoints(workspace, 'orders');
        expect(points.map(({ damagedIn }) => damagedIn.map(({ store }) => store))).toEqual([['near'], []]);
        await end();
        // A stream that begins finds the new one, and the damaged one beside it.
        await (
          await streamed()
        )();
        expect(taken()).toBe(2);
        expect(workspace.journal.records({ kinds: ['backup.started'] })).toHaveLength(2);

        // So is one behind which log is damaged: found while it is streamed, or before.
        const wholeOnes = async (): Promise<string[]> =>
          (await readdir(join(cluster.folder, 'near', 'logs'), { recursive: true }))
            .filter((name) => /-[0-9a-f]{11}00000$/.test(name))
            .toSorted();
        const write = async (): Promise<void> => {
          const many = (await wholeOnes()).length;
          for (let n = 0; n < 3; n += 1)
            await cluster.sql(`select pg_logical_emit_message(true, 'a', 'word'); select pg_switch_wal()`);
          await soon(async () => (await wholeOnes()).length).toBeGreaterThanOrEqual(many + 2);
        };
        const harm = async (): Promise<void> => {
          await damageFiles([join(cluster.folder, 'near', 'logs', (await wholeOnes()).at(-1) as string)]);
          const read = await verify(workspace, { assets: ['orders'], everything: false });
          expect(read.results[0]?.damage.map(({ kind }) => kind)).toContain('log');
        };
        const late = await streamed();
        await write();
        await harm();
        await soon(taken).toBe(3);
        await soon(() => isComplete(lines.at(-1))).toBe(true);
        await write();
        await late();
        await harm();
        const again = await streamed();
        await soon(taken).toBe(4);
        await again();
      } finally {
        ending.abort();
        await workspace.close();
      }
    } finally {
      await cluster.destroy();
    }
  },
);

/** An asset with a log that leads from each of its points to everything. */
function logged(asset: Asset): Asset {
  const log: Partial<LogKeeping> = {
    baseOf: () => ({ source: 'one', timeline: 1, start: 0n, end: 1n }),
    planReplay: async (_, bases) => ({
      base: bases.at(-1)?.id ?? '',
      timeline: 1,
      from: '0/0',
      to: '0/1',
      bytes: 0,
      pieces: 0,
      ranges: [],
      tooNew: [],
      upTo: '0/0',
      reachableMs: undefined,
      bytesExpected: 0,
      end: { timeline: 1, position: 0n },
      endings: [],
      later: [],
      begin: async () => {},
      replayed: () => undefined,
      close: async () => {},
    }),
  };
  return new Proxy(asset, {
    get: (target, key) => {
      const value: unknown = key === 'log' ? log : Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('a restore along a log begins as the newest point that is sound in the store, and says of a newer one that it was found damaged', async () => {
  await withWorkspace(async (opened, folder) => {
    const workspace: Workspace = {
      ...opened,
      repository: (store) => opened.repository(store),
      place: (store) => opened.place(store),
      asset: (name) => logged(opened.asset(name)),
    };
    await writeFile(join(folder, 'docs', 'one'), randomBytes(100_000));
    const [sound] = await backup(opened, 'docs');
    const before = new Set(await packFiles(join(folder, 'near')));
    await writeFile(join(folder, 'docs', 'two'), randomBytes(100_000));
    const [harmed] = await backup(opened, 'docs');
    const request = { asset: 'docs', target: join(folder, 'back'), store: 'near', start: false, stay: false };
    expect((await planRestore(workspace, request)).point.id).toBe(harmed?.point.id);
    await damageFiles((await packFiles(join(folder, 'near'))).filter((path) => !before.has(path)));
    await verify(opened, { assets: ['docs'], everything: false });
    const found = await planRestore(workspace, request);
    expect([found.point.id, found.rejected.map(({ reason }) => reason)]).toEqual([
      sound?.point.id,
      ['a verification found it damaged in this store'],
    ]);
    // Whoever names it gets what can still be read of it.
    expect((await planRestore(workspace, { ...request, point: harmed?.point.id ?? '', atMs: 1 })).point.id).toBe(
      harmed?.point.id,
    );
  });
});
