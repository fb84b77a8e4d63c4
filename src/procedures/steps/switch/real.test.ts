import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noPostgres, startTestServer, type TestServer } from '../../../checks/testing/postgres.ts';
import { runSql } from '../../../testing/postgres/index.ts';
import { noProxy, startTestProxy, type TestProxy } from '../../testing/real/haproxy.ts';
import { noNameServer, startTestNameServer, type TestNameServer } from '../../testing/real/name-server.ts';
import { handsOf, inputOf, rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { runProcedure, type RunResult } from '../../index.ts';
import { switchStep } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-switch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (value: string, more: Record<string, unknown> = {}) => ({
  service: 'shop',
  pointer: 'it',
  value,
  ...more,
});

function benchWith(pointer: Record<string, unknown>, url = ''): Bench {
  const shop = { name: 'shop', rank: undefined, needs: [], objectives: {}, pointers: { it: pointer }, health: [] };
  const orders = {
    name: 'orders',
    type: 'postgres',
    domain: undefined,
    policy: undefined,
    checks: [],
    settings: { url },
  };
  return makeBench({ plan: { services: new Map([['shop', shop]]), assets: new Map([['orders', orders]]) } });
}

const turn = (bench: Bench, value: string, more: Record<string, unknown> = {}): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(stepOf('act', 'switch', settings(value, more))),
    environment: environmentIn(bench.folder),
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });

const undo = (bench: Bench, value: string) =>
  switchStep.undo?.(inputOf(switchStep, settings(value), rememberedBy(bench, 'act')) as never, handsOf(bench));

describe.skipIf(noNameServer !== undefined)(`switch of a record${noNameServer ? ` (${noNameServer})` : ''}`, () => {
  let server: TestNameServer;
  let bench: Bench;
  beforeAll(async () => {
    server = await startTestNameServer(folder);
    process.env['SWITCH_TEST_KEY'] = server.secret;
    process.env['SWITCH_TEST_WRONG'] = Buffer.from('another secret').toString('base64');
  });
  afterAll(() => server?.stop());

  const record = (key = 'SWITCH_TEST_KEY', name = 'turner') => ({
    dns: 'www.shop.example',
    zone: 'shop.example',
    server: server.address,
    sign: { name, secret: { env: key } },
  });

  it('is compared and turned by the server in one act, tells how long caches remember, and goes back', async () => {
    bench = benchWith(record());
    const result = await turn(bench, '192.0.2.7, 192.0.2.2', { ttl: '20s' });
    expect(result.steps[0]).toMatchObject({
      state: 'done',
      outputs: { before: '192.0.2.1', value: '192.0.2.2 192.0.2.7', cachedSeconds: 30 },
    });
    expect(await undo(bench, '192.0.2.7, 192.0.2.2')).toMatchObject({ state: 'done' });
    expect((await turn(bench, '192.0.2.1')).steps[0]?.summary).toContain('already');
    bench.close();
  });

  it('turned by somebody else while its runner was dead asks a person', async () => {
    bench = benchWith(record());
    const result = await resumeInterrupted(bench, stepOf('act', 'switch', settings('192.0.2.9')), {
      pointer: 'www',
      before: '192.0.2.8',
      after: '192.0.2.9',
    });
    expect(result.verdict).toBe('needs-human');
    bench.close();
  });

  it.each([
    ['another secret', 'SWITCH_TEST_WRONG', 'turner'],
    ['a key that the server does not know', 'SWITCH_TEST_KEY', 'stranger'],
  ])('with %s changes nothing and says what to compare', async (_, key, name) => {
    bench = benchWith(record(key, name));
    const result = await turn(bench, '192.0.2.66');
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'target.refused' });
    bench.close();
  });

  it('says which type a value needs', async () => {
    bench = benchWith(record());
    expect((await turn(bench, 'region b')).steps[0]).toMatchObject({ state: 'failed', code: 'plan.invalid' });
    bench.close();
  });
});

describe.skipIf(noProxy !== undefined)(`switch of a proxy’s weights${noProxy ? ` (${noProxy})` : ''}`, () => {
  let proxy: TestProxy;
  beforeAll(async () => {
    proxy = await startTestProxy(folder, { primary: 1, standby: 2 });
  });
  afterAll(() => proxy?.stop());

  it('gives everything to one server, or shares it, and goes back to what it was', async () => {
    const bench = benchWith({ proxy: 'shop', socket: proxy.socket });
    const result = await turn(bench, 'standby');
    expect(result.steps[0]?.outputs).toMatchObject({
      before: 'primary=100 standby=100',
      value: 'primary=0 standby=100',
    });
    expect(await undo(bench, 'standby')).toMatchObject({ state: 'done' });
    expect((await turn(bench, 'primary=50 standby=100')).verdict).toBe('done');
    expect((await turn(bench, 'nobody')).steps[0]).toMatchObject({ state: 'failed', code: 'plan.invalid' });
    bench.close();
  });

  it('is red when the proxy does not answer', async () => {
    const bench = benchWith({ proxy: 'shop', socket: join(folder, 'nobody.sock') });
    expect((await turn(bench, 'standby')).steps[0]).toMatchObject({ state: 'failed', code: 'target.unreachable' });
    bench.close();
  });
});

describe.skipIf(noPostgres !== undefined)(`switch of a database’s name${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await runSql(server.url, 'create database shop');
    await runSql(server.url, 'create database shop_restored');
    await runSql(server.url.replace('/postgres', '/shop_restored'), 'create table good ()');
  });
  afterAll(() => server?.stop());

  const names = async (): Promise<unknown[]> =>
    (await runSql(server.url, `select datname from pg_database where datname like 'shop%' order by 1`)).map(
      ({ datname }) => datname,
    );

  it('renames both in one transaction under people who are connected, keeps what bore the name, and goes back', async () => {
    const bench = benchWith({ database: 'shop', of: 'orders' }, server.url);
    const sleeper = runSql(server.url.replace('/postgres', '/shop'), 'select pg_sleep(60)').catch(() => 'ended');
    const result = await turn(bench, 'shop_restored');
    expect(result.steps[0]).toMatchObject({ state: 'done' });
    expect(await sleeper).toBe('ended');
    const kept = `shop_before_${String(result.steps[0]?.outputs['before'])}`;
    expect(await names()).toEqual(['shop', kept]);
    expect(await runSql(server.url.replace('/postgres', '/shop'), 'select * from good')).toEqual([]);
    expect(await undo(bench, 'shop_restored')).toMatchObject({ state: 'done' });
    await expect(runSql(server.url.replace('/postgres', '/shop'), 'select * from good')).rejects.toThrow('good');
    bench.close();
  });

  it('names what is not there', async () => {
    const bench = benchWith({ database: 'shop', of: 'orders' }, server.url);
    expect((await turn(bench, 'nowhere')).steps[0]).toMatchObject({ state: 'failed', code: 'plan.invalid' });
    bench.close();
  });
});
