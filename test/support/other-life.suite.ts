import { cp, rm, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { LogWriter } from '../../src/assets/index.ts';
import { openWorkspace } from '../../src/app/index.ts';
import { silentProgress } from '../../src/core/index.ts';
import { installedMajors, runSql, startTestCluster, type TestCluster } from '../../src/testing/postgres/index.ts';
import type { StreamLine } from '../../src/operations/index.ts';
import { Place, type Answer } from './lifeboat.ts';
import { writeAndStream } from './write-and-stream.ts';

const installed = await installedMajors();

const plan = `lifeboat: 1
plan: other-life
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_OTHER_LIFE_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
policies:
  continuous: { to: [near], stream: { to: [near], mode: async, every: 1s }, keep: { atLeast: 1 } }
assets:
  orders:
    type: postgres
    url: { env: LB_TEST_OTHER_LIFE_URL }
    domain: here
    policy: continuous
    checks: [{ sql: "select coalesce(string_agg(n::text, ' ' order by n), 'none') from marks", expect: value != '' }]
`;

/** Each with a real server and the command line. */
export function describeOtherLives(major: number): void {
  describe(`two lives of PostgreSQL ${major} under one number`, () => {
    promisesOf(major);
  });
}

function promisesOf(major: number): void {
  const missing = !installed.includes(major);
  let cluster: TestCluster;
  let place: Place;
  let server = '';
  /** The process of a copy that was left running. */
  let running: number | undefined;

  beforeEach(async ({ skip }) => {
    skip(missing, `the server programs of PostgreSQL ${major} are not on this machine`);
    cluster = await startTestCluster({ major, initdb: ['--wal-segsize=1'] });
    place = Place.in(cluster.folder);
    process.env['LB_TEST_OTHER_LIFE_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_OTHER_LIFE_URL'] = cluster.url;
    await writeFile(place.path('lifeboat.yaml'), plan);
    await must(place.run('store', 'init'));
    const [system] = await cluster.sql('select system_identifier::text as id from pg_control_system()');
    server = String(system?.['id']);
    await cluster.sql('create table marks (n int)');
  });
  afterEach(async () => {
    if (running !== undefined) process.kill(running, 'SIGQUIT');
    running = undefined;
    await cluster?.destroy();
  });
  afterAll(() => {
    delete process.env['LB_TEST_OTHER_LIFE_URL'];
  });

  const must = async (answer: Promise<Answer>): Promise<Answer> => {
    const one = await answer;
    if (one.exitCode !== 0) throw new Error(one.stdout + one.stderr);
    return one;
  };
  const backup = async (): Promise<{ point: string; warnings: unknown[] }> => {
    const { json } = await must(place.run('backup', 'orders'));
    const [one] = json['points'] as { id: string; warnings: unknown[] }[];
    return { point: String(one?.id), warnings: one?.warnings ?? [] };
  };
  const restored = async (to: string, ...words: string[]): Promise<{ marks: unknown; timeline: unknown }> => {
    const { json } = await must(place.run('restore', 'orders', '--to', to, ...words));
    const checks = json['checks'] as { name: string; observed: string }[];
    const { timeline } = json['reached'] as { timeline: unknown };
    return { marks: checks.find(({ name }) => name.includes('string_agg'))?.observed, timeline };
  };
  const write = (n: number) =>
    writeAndStream(place, (text) => cluster.sql(text), `insert into marks values (${n})`, '.lifeboat');
  const problems = async (): Promise<unknown> => (await place.run('status')).json['problems'];
  const fork = (): Promise<Answer> =>
    must(place.run('wal', 'fork', 'orders', '--to', cluster.dataFolder, '--yes', '--server', server));

  /** As a volume is kept by its snapshot. */
  const keepSnapshot = async (): Promise<void> => {
    await cluster.server.stop();
    await cp(cluster.dataFolder, place.path('snapshot'), { recursive: true, preserveTimestamps: true });
    await cluster.restart();
  };
  const putBack = async (): Promise<void> => {
    const { gid, uid } = await stat(cluster.dataFolder);
    await cluster.server.stop();
    await rm(cluster.dataFolder, { recursive: true });
    await cp(place.path('snapshot'), cluster.dataFolder, { recursive: true, preserveTimestamps: true });
    await own(cluster.dataFolder, uid, gid);
    await cluster.restart();
  };
  const inLog = async <T>(store: string, work: (log: LogWriter) => Promise<T>): Promise<T> => {
    const files = { planFile: place.path('lifeboat.yaml'), stateFolder: place.path('.lifeboat') };
    const workspace = await openWorkspace({ ...files, progress: silentProgress });
    const done = await work((await workspace.repository(store)).log('orders', server));
    await workspace.close();
    return done;
  };
  const position = async (): Promise<bigint> => {
    const [row] = await cluster.sql(`select (pg_current_wal_flush_lsn() - '0/0')::text as at`);
    return BigInt(String(row?.['at']));
  };

  it('a copy of a point alone opens on a number that the log does not have, and can become the primary', async () => {
    const { point } = await backup();
    await write(1);
    expect(await restored('./first', '--point', point)).toEqual({ marks: 'value is none', timeline: 2 });
    const { json } = await must(place.run('restore', 'orders', '--point', point, '--to', './copy', '--start'));
    running = Number(json['pid']);
    const password = new URL(cluster.url).password;
    const url = String(json['url']).replace('@', `:${password}@`);
    process.env['LB_TEST_OTHER_LIFE_URL'] = url;
    await cluster.server.stop();
    await writeAndStream(place, (text) => runSql(url, text), 'insert into marks values (5)', '.lifeboat');
    await backup();
    await writeAndStream(place, (text) => runSql(url, text), 'insert into marks values (6)', '.lifeboat');
    expect(await restored('./now')).toEqual({ marks: 'value is 5 6', timeline: 3 });
    expect(await restored('./old', '--timeline', '1')).toMatchObject({ marks: 'value is 1' });
    expect(await restored('./alone', '--point', point)).toEqual({ marks: 'value is none', timeline: 3 });
  });

  it('a server that was put back is told by name, everywhere, and goes on under a number of its own', async () => {
    await backup();
    await write(1);
    await keepSnapshot();
    await write(2);
    for (let segment = 0; segment < 8; segment += 1)
      await cluster.sql(`select pg_logical_emit_message(false, 'test', 'x'); select pg_switch_wal()`);
    await write(3);
    await putBack();

    await expect(write(9)).rejects.toMatchObject({
      code: 'log.conflict',
      where: 'near',
      message: expect.stringMatching(/^the server stands at 0\/\S+ on timeline 1, behind its log in near/),
      hint: expect.stringContaining('lifeboat wal fork'),
    });
    const stopped = { code: 'stream', about: 'orders', words: expect.stringContaining('[log.conflict]') };
    expect(await problems()).toContainEqual(expect.objectContaining(stopped));
    const live = await place.run('check', '--live');
    expect(live.json['findings']).toContainEqual(expect.objectContaining({ code: 'live.stream', severity: 'error' }));

    const { point, warnings } = await backup();
    expect(warnings).toContainEqual(expect.stringContaining(`A restore without --point ${point} is refused`));
    const refused = await place.run('restore', 'orders', '--to', './refused');
    expect(refused.json, refused.stdout).toMatchObject({
      error: { code: 'log.conflict', hint: expect.stringContaining(`--point ${point}`) },
    });
    await expect(stat(place.path('refused'))).rejects.toThrow('ENOENT');
    expect(await problems()).toContainEqual(expect.objectContaining({ code: 'timeline', about: 'orders in near' }));
    expect(await restored('./alone', '--point', point)).toEqual({ marks: 'value is 1 9', timeline: 2 });

    await cluster.server.stop();
    const dry = await must(place.run('wal', 'fork', 'orders', '--to', cluster.dataFolder, '--dry-run'));
    expect(dry.json).toMatchObject({ timeline: 1, taken: [1], server });
    expect((await fork()).json).toMatchObject({ timeline: 1, to: 2 });
    await cluster.restart();
    await backup();
    await write(10);
    expect(await restored('./now')).toEqual({ marks: 'value is 1 9 10', timeline: 3 });
    expect(await problems()).not.toContainEqual(expect.objectContaining({ code: 'stream' }));
  });

  it.each([
    ['in a segment', `insert into marks values (3)`],
    ['at the end of one', `select pg_switch_wal()`],
  ])(
    'a server that was put back and has grown past its own log, which ends %s, is told by name, and the log stays as it is',
    async (_, last) => {
      await backup();
      await write(1);
      await keepSnapshot();
      await write(2);
      await writeAndStream(place, (text) => cluster.sql(text), last, '.lifeboat');
      const end = await position();
      const before = (await restored('./before')).marks;
      await putBack();
      await cluster.sql('insert into marks values (9)');
      while ((await position()) <= end + 1024n)
        await cluster.sql(`select pg_logical_emit_message(true, 'test', repeat('x', 1024))`);

      await expect(write(10)).rejects.toMatchObject({
        code: 'log.conflict',
        where: 'near',
        message: expect.stringMatching(/^the server says something else at 0\/\S+ on timeline 1 than its log in near/),
        hint: expect.stringContaining('lifeboat wal fork'),
      });
      expect(await restored('./after')).toEqual({ marks: before, timeline: 2 });
      expect((await must(place.run('verify', '--all'))).json).toMatchObject({ ok: true });
      await cluster.server.stop();
      expect((await fork()).json).toMatchObject({ timeline: 1, to: 2 });
      await cluster.restart();
      await backup();
      await write(11);
      expect(await restored('./now')).toEqual({ marks: 'value is 1 9 10 11', timeline: 3 });
    },
  );

  it('a restore by the log opens on a number that no other store has either', async () => {
    const stores = plan.replace('near: {', 'far: { type: fs, path: ./far, domain: here }, near: {');
    await writeFile(place.path('lifeboat.yaml'), stores.replace('stream: { to: [near]', 'stream: { to: [near, far]'));
    await must(place.run('store', 'init'));
    await backup();
    await write(1);
    await inLog('far', (log) => log.appendHistory(2, '1\t0/14\tof a life that only this store was told of\n'));
    expect(await restored('./now', '--store', 'near')).toEqual({ marks: 'value is 1', timeline: 3 });
  });

  it('no point of the life that was left leads to a server that was put back and given a timeline of its own: a new one is taken at once', async () => {
    await backup();
    await write(1);
    await keepSnapshot();
    const fill = async (segments: number): Promise<void> => {
      for (let segment = 0; segment < segments; segment += 1)
        await cluster.sql(`select pg_logical_emit_message(false, 'test', 'x'); select pg_switch_wal()`);
    };
    await write(2);
    // What only the life that was left has, must not be in the other.
    await cluster.sql('create table of_the_left (n int)');
    await fill(8);
    await write(3);
    await putBack();
    await cluster.sql('insert into marks values (9)');
    await fill(3);
    await cluster.sql('insert into marks values (10)');
    await cluster.server.stop();
    expect((await fork()).json).toMatchObject({ timeline: 1, to: 2 });
    await cluster.restart();
    const isTaken = (lines: readonly StreamLine[]): boolean =>
      lines.some((line) => line.state === 'base' && line.point !== undefined);
    await writeAndStream(place, (text) => cluster.sql(text), 'insert into marks values (11)', '.lifeboat', isTaken);
    await write(12);
    const now = await must(place.run('restore', 'orders', '--to', './now', '--start'));
    running = Number(now.json['pid']);
    const url = String(now.json['url']).replace('@', `:${new URL(cluster.url).password}@`);
    expect(await runSql(url, "select to_regclass('of_the_left')::text as there")).toEqual([{ there: null }]);
    expect(await runSql(url, "select string_agg(n::text, ' ' order by n) as marks from marks")).toEqual([
      { marks: '1 9 10 11 12' },
    ]);
    expect(await restored('./left', '--timeline', '1')).toMatchObject({ marks: 'value is 1 2 3' });
    expect(await problems()).toEqual([expect.objectContaining({ code: 'plan' })]);
  });

  it('a server that was promoted to the number of a life that was undone is told by name, and goes on under one of its own', async () => {
    await backup();
    await write(1);
    const [mistake] = await cluster.sql('insert into marks values (2) returning xmin::text as id');
    await write(3);
    await cluster.server.stop();
    const inPlace = (...words: string[]) =>
      must(place.run('restore', ...words, '--to', cluster.dataFolder, '--yes', '--server', server));
    await inPlace('orders', '--in-place', '--before', String(mistake?.['id']));
    await cluster.restart();
    await write(20);
    await cluster.server.stop();
    await inPlace('undo', 'orders');
    await cluster.restart();
    await write(4);
    // Whatever switches it over asks nobody for the next number.
    await cluster.server.stop();
    await writeFile(`${cluster.dataFolder}/recovery.signal`, '');
    await cluster.restart({ restore_command: 'false', recovery_target_timeline: 'current' });
    expect(await cluster.sql('select timeline_id from pg_control_checkpoint()')).toEqual([{ timeline_id: 2 }]);

    await expect(write(5)).rejects.toMatchObject({
      code: 'log.conflict',
      hint: expect.stringContaining('lifeboat wal fork'),
    });
    expect(await problems()).toContainEqual(expect.objectContaining({ code: 'stream', about: 'orders' }));
    await cluster.server.stop();
    expect((await fork()).json).toMatchObject({ timeline: 2, to: 3 });
    await cluster.restart();
    await backup();
    await write(6);
    expect(await restored('./now')).toEqual({ marks: 'value is 1 2 3 4 5 6', timeline: 4 });
    expect(await restored('./undone', '--timeline', '2')).toMatchObject({ marks: 'value is 1 20' });
    expect(await problems()).not.toContainEqual(expect.objectContaining({ code: 'stream' }));
  });
}

/** As the server’s user has it; a copy made by root is root’s. */
async function own(folder: string, uid: number, gid: number): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { execFile } = await import('node:child_process');
  await new Promise<void>((resolve, reject) => {
    execFile('chown', ['-R', `${uid}:${gid}`, folder], (error) => (error === null ? resolve() : reject(error)));
  });
}
