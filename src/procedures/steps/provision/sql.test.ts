import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noPostgres, startTestServer, type TestServer } from '../../../checks/testing/postgres.ts';
import { limits, systemClock } from '../../../core/index.ts';
import { runSql } from '../../../testing/postgres/index.ts';
import { rollbackRun, type StepKind } from '../../index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { fastClock } from '../../testing/fast-clock.ts';
import { stepOf, type Bench } from '../../testing/bench.ts';
import { handsOf, inputOf, interruptedRun, resumeInterrupted } from '../../testing/interrupted.ts';
import { provisionStep } from './index.ts';
import { sessionOf } from './sql.ts';

const skipped = noPostgres === undefined ? '' : ` (${noPostgres})`;

describe.skipIf(noPostgres !== undefined)(`provision by sql${skipped}`, () => {
  let server: TestServer;
  let bench: Bench;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server?.stop());
  beforeEach(() => {
    bench = actingBench({ servers: { orders: { url: server.url } } });
  });
  afterEach(() => bench.close());

  const database = (name: string, more: Record<string, unknown> = {}) =>
    stepOf('act', 'provision', {
      what: 'an empty database',
      by: 'sql',
      asset: 'orders',
      look: `select datname from pg_database where datname = '${name}'`,
      make: `create database ${name}`,
      undo: `drop database ${name}`,
      ...more,
    });
  const isThere = async (name: string): Promise<boolean> =>
    (await runSql(server.url, `select 1 from pg_database where datname = '${name}'`)).length === 1;

  it('makes a database that is not there, once, and takes back only what it made', async () => {
    const made = await act(bench, database('anew'));
    expect(made.steps[0]).toMatchObject({ state: 'done', outputs: { datname: 'anew' } });
    const again = await act(bench, database('anew'));
    expect(again.steps[0]?.summary).toContain('it was there');
    const request = { environment: bench.environment, tools: bench.tools, by: { as: undefined, user: 'operator' } };
    expect((await rollbackRun({ ...request, run: again.run })).verdict).toBe('done');
    expect(await isThere('anew')).toBe(true);
    expect((await rollbackRun({ ...request, run: made.run })).steps).toMatchObject([
      { kind: 'undo provision', state: 'done' },
    ]);
    expect(await isThere('anew')).toBe(false);
  });

  it('says several texts in their order, in the database that it names', async () => {
    await act(bench, database('inside'));
    const table = {
      database: 'inside',
      look: "select count(*)::int as tables from pg_tables where tablename in ('one', 'two')",
      expect: 'value == 2',
      make: ['create table one ()', 'create table two ()'],
    };
    expect((await act(bench, database('inside', table))).steps[0]).toMatchObject({
      state: 'done',
      outputs: { tables: 2 },
    });
  });

  it('counts as people write it, and takes back what it made half', async () => {
    const half = database('half', {
      look: "select count(*) from pg_database where datname in ('half', 'whole')",
      expect: 'value > 1',
      make: ['create database half', 'create databas whole'],
    });
    const failed = await act(bench, half);
    expect([failed.steps[0]?.state, await isThere('half')]).toEqual(['failed', true]);
    const request = { environment: bench.environment, tools: bench.tools, by: { as: undefined, user: 'operator' } };
    expect((await rollbackRun({ ...request, run: failed.run })).steps).toMatchObject([{ state: 'done' }]);
    expect(await isThere('half')).toBe(false);
  });

  it('that takes its time is waited for as long as the plan says, and no longer', async () => {
    const workspace = { ...bench.workspace, clock: fastClock(20) };
    const hurried = { ...bench, workspace, tools: { ...bench.tools, workspace } };
    const slow = (name: string, comesIn: string, more: Record<string, unknown> = {}) =>
      database('never', {
        look: `select count(*) > 0 from ${name} where at < clock_timestamp()`,
        make: `insert into ${name} values (clock_timestamp() + interval '${comesIn}')`,
        ...more,
      });
    await runSql(server.url, 'create table late (at timestamptz); create table soon (at timestamptz)');
    const hasty = await act(hurried, slow('late', '1 h'));
    expect(hasty.steps[0]).toMatchObject({ state: 'failed', code: 'provision.unproved' });
    const done = await act(hurried, slow('soon', '1.5 s', { within: '5m' }));
    expect(done.steps[0]).toMatchObject({ state: 'done' });
  });

  it('that takes its time is not said twice when its runner died meanwhile', async () => {
    await runSql(server.url, 'create table coming (at timestamptz)');
    const make = "insert into coming values (clock_timestamp() + interval '1.5 s')";
    const look = 'select count(*) > 0 from coming where at < clock_timestamp()';
    await runSql(server.url, make);
    const goOn = async (leftMs: number) => {
      const facts = { made: true, wasAbsent: true, comesUntil: systemClock.now() + leftMs };
      const { steps } = await resumeInterrupted(bench, database('never', { look, make, within: '5m' }), facts);
      return [steps[0]?.state, ...(await runSql(server.url, 'select count(*)::int as said from coming'))];
    };
    expect(await goOn(300_000)).toEqual(['done', { said: 1 }]);
    await runSql(server.url, 'truncate coming');
    expect(await goOn(-1)).toEqual(['done', { said: 1 }]); // its time is over: it is said anew
  });

  it('a look that would change something is refused by the server, and nothing is made on it', async () => {
    const sly = database('sly', { look: 'create table sly ()' });
    expect((await act(bench, sly)).steps[0]).toMatchObject({
      state: 'failed',
      code: 'target.unreachable',
      summary: expect.stringContaining('read-only'),
    });
    expect(await isThere('sly')).toBe(false);
  });

  it('fails with what the server says, and shows no password', async () => {
    const wrong = await act(bench, database('wrong', { make: 'create databas wrong' }));
    expect(wrong.steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('syntax error') });
    const away = new URL(server.url);
    [away.username, away.password, away.pathname] = ['nobody', 'a word for nobody', '/nowhere'];
    bench.close();
    bench = actingBench({ servers: { orders: { url: away.href } } });
    expect((await act(bench, database('away'))).steps[0]).toMatchObject({
      state: 'failed',
      code: 'target.unreachable',
    });
    const told = JSON.stringify(bench.journal.records());
    expect([told.includes('a word for nobody'), told.includes(away.password)]).toEqual([false, false]);
  });

  it('ends what a runner that died left under way in the server: nothing is made twice', async () => {
    await runSql(server.url, 'create table flags (name text)');
    const waits = `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into flags%'`;
    const flag = {
      look: "select count(*) from flags where name = 'on'",
      make: "insert into flags values ('on')",
      undo: 'delete from flags',
    };
    const [holder, left] = [new Client({ connectionString: server.url }), new Client({ connectionString: server.url })];
    left.on('error', () => {}); // its session is ended from outside
    await Promise.all([holder.connect(), left.connect()]);
    try {
      await holder.query('begin');
      await holder.query('lock table flags in share row exclusive mode');
      const mark = `${interruptedRun(bench)}/act`;
      await left.query("select set_config('application_name', $1, false)", [sessionOf(mark)]);
      const insert = left.query(flag.make).catch((error: unknown) => error);
      while ((await runSql(server.url, waits)).length === 0) await systemClock.sleep(20);
      const [{ pid } = {}] = await runSql(server.url, waits);
      const resumed = resumeInterrupted(bench, database('flagged', flag), { made: true });
      while ((await runSql(server.url, waits)).some((one) => one['pid'] === pid)) await systemClock.sleep(20);
      await holder.query('commit');
      expect((await resumed).steps[0]).toMatchObject({ state: 'done' });
      expect(await insert).toBeInstanceOf(Error);
    } finally {
      await Promise.all([holder.end(), left.end().catch(() => {})]);
    }
    expect(await runSql(server.url, 'select * from flags')).toHaveLength(1);
  });

  it('lets a text take as long as its step may, and ends it in the server with the step', async () => {
    const patience = limits.serverAnswerMs;
    const other = limits as { serverAnswerMs: number };
    other.serverAnswerMs = 1_000;
    try {
      const slept = await act(bench, database('slow', { make: ['select pg_sleep(1.3)', 'create database slow'] }));
      expect(slept.steps[0]).toMatchObject({ state: 'done' });
      await runSql(server.url, 'drop database slow');
      const late = await act(bench, { ...database('slow', { make: 'select pg_sleep(60)' }), timeoutMs: 1_500 });
      expect(late.steps[0]).toMatchObject({ state: 'failed', code: 'step.timeout' });
      const left = `select pid from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`;
      expect(await runSql(server.url, left)).toEqual([]);
    } finally {
      other.serverAnswerMs = patience;
    }
  });

  it('says no further text when it was stopped between two: nothing would end that one', async () => {
    const stop = new AbortController();
    const hands = handsOf(bench, { signal: stop.signal, mustHold: async () => stop.abort() });
    const { settings } = database('late');
    const kind = provisionStep as StepKind;
    await expect(kind.run(inputOf(kind, settings), hands)).rejects.toMatchObject({
      code: 'operation.cancelled',
    });
    expect(await runSql(server.url, "select 1 from pg_database where datname = 'late'")).toEqual([]);
  });

  it('killed after it was made it is found done, before that it is made', async () => {
    await runSql(server.url, 'create database later');
    expect((await resumeInterrupted(bench, database('later'), { made: true })).steps[0]).toMatchObject({ attempts: 1 });
    expect((await resumeInterrupted(bench, database('sooner'), { made: true })).steps[0]).toMatchObject({
      attempts: 2,
    });
    expect(await isThere('sooner')).toBe(true);
  });
});
