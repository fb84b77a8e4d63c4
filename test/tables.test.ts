import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace } from '../src/app/index.ts';
import { silentProgress } from '../src/core/index.ts';
import { installedMajors, startStream, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { endOf, Place, type Answer } from './support/lifeboat.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];
const reason = major === undefined ? '(skipped: no PostgreSQL server)' : '';

describe.skipIf(major === undefined)(`restore --table ${reason}`, () => {
  let cluster: TestCluster;
  let place: Place;
  const sql = (text: string): Promise<Record<string, unknown>[]> => cluster.sql(text, 'shop');
  const restore = (...words: string[]): Promise<Answer> =>
    place.run(
      'restore',
      'orders',
      '--table',
      'orders',
      '--to',
      `postgresql://127.0.0.1:${cluster.port}/shop`,
      ...words,
    );
  const sandboxes = (): Promise<string[]> => readdir(place.path('.lifeboat', 'sandboxes'));

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number, initdb: ['--wal-segsize=1'] });
    place = Place.in(cluster.folder);
    process.env['LB_TEST_TABLES_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_TABLES_URL'] = cluster.url.replace(/\/postgres$/, '/shop');
    await writeFile(place.path('lifeboat.yaml'), plan);
    await cluster.sql('create database shop');
    await sql(`create table orders (id serial primary key, cents int not null)`);
    for (const words of [
      ['store', 'init'],
      ['backup', 'orders'],
    ]) {
      const answer = await place.run(...words);
      if (answer.exitCode !== 0) throw new Error(answer.stderr);
    }
  });
  afterAll(async () => {
    await cluster?.destroy();
  });

  it('brings back rows of just before a transaction, after a look and a yes, without any client program', async () => {
    const workspace = await openWorkspace({
      planFile: place.path('lifeboat.yaml'),
      stateFolder: place.path('another-state'),
      progress: silentProgress,
    });
    const stream = await startStream(workspace.asset('orders'), await workspace.repository('near'));
    await sql('insert into orders (cents) select n from generate_series(1, 500) n');
    await sql(
      `begin; delete from orders where id > 100; create table mark as select pg_current_xact_id()::text as id; commit`,
    );
    const [mark] = await sql('select id, pg_current_wal_flush_lsn()::text as lsn from mark');
    await stream.until(String(mark?.['lsn']));
    await stream.stop();
    await workspace.close();

    const before = ['--before', String(mark?.['id']), '--existing', 'skip'];
    const dry = await restore(...before, '--dry-run');
    expect(dry, dry.stderr).toMatchObject({
      exitCode: 0,
      json: { dryRun: true, isSource: true, tables: [{ as: 'public.orders', missing: 400, same: 100 }], done: [] },
    });
    expect(dry.json).toMatchObject({
      sandbox: {
        folder: place.path('.lifeboat', 'sandboxes'),
        bytes: expect.any(Number),
        logBytes: expect.any(Number),
      },
      keeps: { file: null, rows: 0 },
      secondsExpected: dry.json['seconds'],
      expectedFrom: expect.stringMatching(
        /to look, as just now; the change of .* was never measured and is not in it$/,
      ),
    });
    expect(await restore(...before)).toMatchObject({ exitCode: 3, json: { error: { code: 'restore.consent' } } });
    expect(await sql('select count(*)::int as n from orders')).toEqual([{ n: 100 }]);
    const done = await restore(...before, '--yes', '--server', String(dry.json['server']));
    expect(done, done.stderr).toMatchObject({ exitCode: 0, json: { done: [{ inserted: 400, replaced: 0 }] } });
    expect(await sql('select count(*)::int as n, sum(cents)::int as cents from orders')).toEqual([
      { n: 500, cents: 125_250 },
    ]);
    expect(await sandboxes()).toEqual([]);
  });

  it('told to end, and killed, it leaves the target alone; the sandbox goes, of a killed one with the next', async () => {
    const words = ['restore', 'orders', '--table', 'orders', '--existing', 'replace', '--yes'];
    const to = ['--to', `postgresql://127.0.0.1:${cluster.port}/shop`];
    await sql('update orders set cents = -1');
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const child = place.start([...words, ...to]);
      child.stdout?.resume();
      child.stderr?.resume();
      await expect.poll(() => sandboxes().catch(() => []), { timeout: 30_000 }).toHaveLength(1);
      child.kill(signal);
      await once(child, 'close');
      expect(await sandboxes()).toHaveLength(signal === 'SIGTERM' ? 0 : 1);
      expect(await sql('select distinct cents from orders')).toEqual([{ cents: -1 }]);
    }
    const dry = await restore('--existing', 'replace', '--dry-run');
    expect(dry.json).toMatchObject({
      keeps: { file: expect.stringContaining('before-images/orders-'), rows: 100, bytes: expect.any(Number) },
      expectedFrom: expect.stringMatching(/to look, as just now; the change by that of 20.*Z: .* in /),
    });
    expect(Number(dry.json['secondsExpected'])).toBeGreaterThan(Number(dry.json['seconds']));
    expect((await endOf(place.start([...words, ...to, '--dry-run']))).stdout).toMatch(
      /^sandbox {3}.*; gone afterwards\nkeeps {5}100 rows first, about .*\ntime {6}.*: .* to look, as just now; the change by/m,
    );
    const done = await restore('--existing', 'replace', '--yes');
    expect(done, done.stderr).toMatchObject({ exitCode: 0, json: { done: [{ inserted: 0, replaced: 100 }] } });
    expect(await sandboxes()).toEqual([]);
  });

  it('killed while it changes the tables, it is not called failed later: nobody knows how far it came, and what was before is named', async () => {
    const workspace = await openWorkspace({
      planFile: place.path('lifeboat.yaml'),
      stateFolder: place.path('.lifeboat'),
      progress: silentProgress,
    });
    const kinds = (...of: string[]) => workspace.journal.records({ kinds: of }).map(({ data }) => data);
    try {
      await sql('update orders set cents = -1');
      const held = sql('begin; lock table orders in share mode; select pg_sleep(120); commit').catch(() => []); // it is cancelled
      const to = ['--to', `postgresql://127.0.0.1:${cluster.port}/shop`];
      const before = kinds('tables.changing').length;
      const child = place.start(['restore', 'orders', '--table', 'orders', '--existing', 'replace', '--yes', ...to]);
      child.stdout?.resume();
      child.stderr?.resume();
      await expect.poll(() => kinds('tables.changing').length, { timeout: 60_000 }).toBe(before + 1);
      child.kill('SIGKILL');
      await once(child, 'close');
      await sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(120)%' and pid <> pg_backend_pid()`,
      );
      await held;
      const failed = kinds('tables.failed').length;
      const done = await restore('--existing', 'replace', '--yes');
      expect(done, done.stderr).toMatchObject({ exitCode: 0 });
      expect(kinds('tables.failed')).toHaveLength(failed);
      expect(kinds('tables.interrupted')).toMatchObject([
        {
          asset: 'orders',
          beforeImage: expect.stringContaining('before-images'),
          reason: expect.stringMatching(/look/),
        },
      ]);
      expect(await sandboxes()).toEqual([]);
    } finally {
      await workspace.close();
    }
  });

  it('says before it restores anything which package makes a table that the target does not have', async ({ skip }) => {
    skip(existsSync(`/usr/lib/postgresql/${major}/bin/pg_dump`), 'this machine has the program');
    expect(await restore('--existing', 'schema=aside', '--yes')).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'asset.tool_missing', hint: expect.stringContaining(`postgresql-client-${major}`) } },
    });
    expect(await sandboxes()).toEqual([]);
  });

  it('refuses flags that mean nothing together, and assets without tables', async () => {
    expect(await place.run('restore', 'orders', '--to', './x', '--existing', 'skip')).toMatchObject({ exitCode: 2 });
    expect(await restore('--start')).toMatchObject({ exitCode: 2, json: { error: { code: 'input.flag' } } });
    expect(await place.run('restore', 'papers', '--table', 'a.b', '--to', './x.dump')).toMatchObject({
      exitCode: 2,
      json: { error: { code: 'input.flag', message: expect.stringContaining('files') } },
    });
  });
});

const plan = `lifeboat: 1
plan: tables
owner: me@corner-shop.example
review: { last: 2026-10-01, every: quarterly }
timezone: UTC
domains: { here: {}, there: {} }
objectives: { rto: 1h, rpo: 25h }
keys:
  main: { passphrase: { env: LB_TEST_TABLES_PASS }, domain: here }
stores:
  near: { type: fs, path: ./store, domain: there }
policies:
  daily: { every: 1d at 02:00, to: [near], stream: { to: [near], mode: async }, keep: { daily: 7d } }
assets:
  orders: { type: postgres, url: { env: LB_TEST_TABLES_URL }, domain: here, policy: daily }
  papers: { type: files, path: ./papers, domain: here, policy: daily }
services: { shop: { rank: critical, needs: [orders] } }
`;
