import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noPostgres, startTestServer, type TestServer } from '../../../checks/testing/postgres.ts';
import { freePort, isAlive, LifeboatError, startService, systemClock, type Service } from '../../../core/index.ts';
import { runSql } from '../../../testing/postgres/index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { stepOf, type Bench } from '../../testing/bench.ts';
import { handsOf, inputOf, rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { noProxy, startTestProxy } from '../../testing/real/haproxy.ts';
import { stopFence } from '../../hands/fences/service.ts';
import { fenceStep } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'lifeboat-fence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let bench: Bench;
afterEach(() => bench.close());

const fence = (settings: unknown) => act(bench, stepOf('act', 'fence', settings));
const undo = (settings: unknown) =>
  fenceStep.undo?.(inputOf(fenceStep, settings, rememberedBy(bench, 'act')) as never, handsOf(bench));
const lifted = (settings: unknown) =>
  fenceStep.prove?.(inputOf(fenceStep, settings, rememberedBy(bench, 'act')) as never, handsOf(bench), 'undone');

describe('a fence around a service', () => {
  const services: Service[] = [];
  afterEach(async () => {
    for (const one of services.splice(0)) await one.stop();
  });
  const started = async (argv: readonly string[]): Promise<number> => {
    const service = await startService(argv);
    services.push(service);
    writeFileSync(join(folder, 'shop.pid'), `${service.pid}\n`);
    return service.pid;
  };
  const runs = { process: ['sleep', '300'], pidFile: join(folder, 'shop.pid') };

  it('stops it and sees that it is gone, and starts it again when it is taken back', async () => {
    bench = actingBench({ runs });
    const pid = await started(['sleep', '300']);
    const result = await fence('shop');
    expect(result.steps[0]).toMatchObject({
      state: 'done',
      outputs: { fenced: [{ what: 'service:shop', how: 'stop' }] },
    });
    expect(isAlive(pid)).toBe(false);
    expect(await undo('shop')).toMatchObject({ state: 'done' });
    expect(await lifted('shop')).toMatchObject({ state: 'proved' });
    expect((await fence('shop')).verdict).toBe('done');
  });

  it('starts it again with what was turned meanwhile: the settings that Lifeboat keeps for it', async () => {
    const seen = join(folder, 'seen');
    const process = ['sh', '-c', `printf %s "$DATABASE_URL" > ${seen}; exec sleep 300`];
    bench = actingBench({ runs: { ...runs, process, env: { DATABASE_URL: 'old' } } });
    await started(['sleep', '300']);
    await fence('shop');
    mkdirSync(bench.environment.settingsFolder, { recursive: true });
    writeFileSync(join(bench.environment.settingsFolder, 'shop.env'), '# by switch\nexport DATABASE_URL="new one"\n');
    expect(await undo('shop')).toMatchObject({ state: 'done' });
    await expect.poll(() => (existsSync(seen) ? readFileSync(seen, 'utf8') : ''), { timeout: 30_000 }).toBe('new one');
    expect((await fence('shop')).verdict).toBe('done');
  });

  it('ends what does not listen, with all that it started', async () => {
    bench = actingBench({ runs: { ...runs, stopSignal: 'INT', stopWithin: '300ms' } });
    const pid = await started(['sh', '-c', 'sleep 300 & wait']);
    expect((await fence('shop')).verdict).toBe('done');
    expect(isAlive(pid)).toBe(false);
  });

  it('does not end a stranger that was given the number of a service that ended long ago', async () => {
    bench = actingBench({ runs });
    const pid = await started(['sleep', '300']);
    utimesSync(join(folder, 'shop.pid'), 1_000_000, 1_000_000);
    expect((await fence('shop')).verdict).toBe('done');
    expect(isAlive(pid)).toBe(true);
  });

  it('does not call stopped what it cannot see', async () => {
    bench = actingBench({ runs: { process: ['sleep', '300'] } });
    expect((await fence('shop')).steps[0]).toMatchObject({ state: 'failed', code: 'plan.not_executable' });
    bench.close();
    bench = actingBench({ runs: { systemd: 'lifeboat-no-such-unit.service' } });
    expect((await fence('shop')).steps[0]?.state).toBe('failed');
    bench.close();
    bench = actingBench({ runs });
    expect((await fence({ service: 'shop', how: 'block its network' })).steps[0]).toMatchObject({
      code: 'plan.not_executable',
    });
  });

  it('trap "wrong host": where no process number was ever seen, nothing is proved', async () => {
    bench = actingBench({ runs: { ...runs, pidFile: join(folder, 'elsewhere.pid') } });
    const result = await fence('shop');
    expect(result.steps[0]).toMatchObject({
      state: 'failed',
      code: 'fence.unproved',
      summary: expect.stringContaining('never seen'),
    });
  });

  it('knows a service that took its process number along when it was stopped', async () => {
    bench = actingBench({ runs });
    await started(['sh', '-c', `trap 'rm ${join(folder, 'shop.pid')}; exit' TERM; sleep 300 & wait`]);
    expect((await fence('shop')).steps[0]).toMatchObject({ state: 'done' });
    expect(existsSync(join(folder, 'shop.pid'))).toBe(false);
  });

  it('says where it was proved, so that nobody asks again at another place', async () => {
    bench = actingBench({ runs });
    await started(['sleep', '300']);
    const where = { environment: 'production', host: 'bench', site: null };
    expect((await fence('shop')).steps[0]).toMatchObject({ outputs: { fenced: [{ where }] } });
  });

  it('of a unit stops nothing when its target is no longer held', async () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    const script = `case $1 in show) printf 'LoadState=loaded\\nActiveState=active\\n';; *) touch ${bin}/acted;; esac`;
    writeFileSync(join(bin, 'systemctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = `${bin}:${path}`;
    try {
      bench = actingBench({ runs: { systemd: 'shop.service' } });
      const mustHold = () => Promise.reject(new LifeboatError('run.lease_lost', 'another runner took over'));
      const unit = stopFence('shop', handsOf(bench, { mustHold }));
      expect(await unit.before()).toMatchObject({ running: true });
      await expect(unit.put({ running: true })).rejects.toMatchObject({ code: 'run.lease_lost' });
      expect(existsSync(join(bin, 'acted'))).toBe(false);
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('killed before its end is put up once more, which is the same as once', async () => {
    bench = actingBench({ runs });
    await started(['sleep', '300']);
    const before = { 'service:shop by stop': { running: true } };
    const result = await resumeInterrupted(bench, stepOf('act', 'fence', 'shop'), { before });
    expect(result.steps[0]).toMatchObject({ state: 'done', attempts: 2 });
    const again = await resumeInterrupted(bench, stepOf('act', 'fence', 'shop'), { before });
    expect(again.steps[0]).toMatchObject({ state: 'done', attempts: 1 });
  });
});

describe.skipIf(noPostgres !== undefined)(`a fence around a database${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let server: TestServer;
  let clerk: string;
  beforeAll(async () => {
    server = await startTestServer();
    await runSql(server.url, 'create role clerk login');
    await runSql(server.url, 'create database orders owner clerk');
    clerk = server.url.replace('//shop@', '//clerk@').replace('/postgres', '/orders');
    await runSql(clerk, 'create table orders (id int)');
  });
  afterAll(() => server?.stop());
  const inOrders = (): string => server.url.replace('/postgres', '/orders');

  it('revoke: who writes is cut off and does not come back, until it is taken back', async () => {
    bench = actingBench({ servers: { orders: { url: inOrders() } } });
    const settings = { asset: 'orders', how: 'revoke' };
    const writer = runSql(clerk, 'insert into orders values (1); select pg_sleep(60)').catch(() => 'cut off');
    await systemClock.sleep(200);
    const result = await fence(settings);
    expect(result.steps[0]?.summary).toContain('nobody but superusers may connect');
    expect(await writer).toBe('cut off');
    await expect(runSql(clerk, 'insert into orders values (2)')).rejects.toThrow('permission denied');
    expect(await undo(settings)).toMatchObject({ state: 'done' });
    expect(await lifted(settings)).toMatchObject({ state: 'proved' });
    await runSql(clerk, 'insert into orders values (3)');
  });

  it('revoke is refused to a role that would lock itself out', async () => {
    bench = actingBench({ servers: { orders: { url: clerk } } });
    expect((await fence({ asset: 'orders' })).steps[0]).toMatchObject({ state: 'failed', code: 'target.refused' });
    await runSql(clerk, 'insert into orders values (4)');
  });

  it('read-only: a write was tried and failed, reads go on, and it goes back to what it was', async () => {
    bench = actingBench({ servers: { orders: { url: inOrders() } } });
    const settings = { asset: 'orders', how: 'read-only' };
    const result = await fence(settings);
    expect(result.steps[0]?.summary).toContain('a write was tried and refused as read-only');
    await expect(runSql(clerk, 'insert into orders values (5)')).rejects.toThrow('read-only');
    await runSql(clerk, 'select * from orders');
    expect(await undo(settings)).toMatchObject({ state: 'done' });
    await runSql(clerk, 'insert into orders values (6)');
    expect(await lifted(settings)).toMatchObject({ state: 'proved' });
  });

  it('read-only: is none around a role that writes whatever the database says', async () => {
    bench = actingBench({ servers: { orders: { url: inOrders() } } });
    await runSql(server.url, 'alter role clerk set default_transaction_read_only = off');
    const settings = { asset: 'orders', how: 'read-only' };
    expect((await fence(settings)).steps[0]).toMatchObject({
      state: 'failed',
      code: 'fence.unproved',
      summary: expect.stringContaining('clerk may write whatever the database says'),
    });
    await runSql(server.url, 'alter role clerk reset default_transaction_read_only');
    // Put up once more, it stands: the attempt that failed left the database as it is wanted.
    expect((await fence(settings)).steps[0]).toMatchObject({ state: 'done' });
    await runSql(server.url, 'alter database orders reset default_transaction_read_only');
  });

  it('read-only: stands whatever is set for a role that may not even connect', async () => {
    bench = actingBench({ servers: { orders: { url: inOrders() } } });
    await runSql(inOrders(), 'create role elsewhere login');
    await runSql(inOrders(), 'alter role elsewhere set default_transaction_read_only = off');
    await runSql(
      inOrders(),
      'revoke connect on database orders from public; grant connect on database orders to clerk',
    );
    const settings = { asset: 'orders', how: 'read-only' };
    const { steps } = await fence(settings);
    await undo(settings);
    await runSql(
      inOrders(),
      'grant connect on database orders to public; revoke connect on database orders from clerk',
    );
    await runSql(inOrders(), 'drop role elsewhere');
    expect(steps[0]).toMatchObject({ state: 'done' });
  });

  it('says which other databases of the server it does not shut', async () => {
    bench = actingBench({ servers: { orders: { url: inOrders() } } });
    await runSql(server.url, 'create database beside');
    for (const how of ['revoke', 'read-only']) {
      const { steps } = await fence({ asset: 'orders', how });
      expect(steps[0]?.summary).toContain('beside of the same server may still be written to');
      await undo({ asset: 'orders', how });
    }
  });

  it('a server that does not answer is not fenced', async () => {
    bench = actingBench({ servers: { orders: { url: 'postgresql://shop@127.0.0.1:1/orders' } } });
    expect((await fence({ asset: 'orders', how: 'read-only' })).steps[0]).toMatchObject({
      state: 'failed',
      code: 'target.unreachable',
    });
  });
});

describe.skipIf(noProxy !== undefined)(`a fence at a proxy${noProxy ? ` (${noProxy})` : ''}`, () => {
  it('is none around a backend without servers: of none everything would hold', async () => {
    const own = join(folder, 'no-servers');
    mkdirSync(own);
    const proxy = await startTestProxy(own, {});
    try {
      bench = actingBench({ pointers: { traffic: { proxy: 'shop', socket: proxy.socket } } });
      const { steps } = await fence({ service: 'shop', how: 'proxy', pointer: 'traffic' });
      expect(steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('shop has no servers') });
    } finally {
      await proxy.stop();
    }
  });

  it('takes servers out, cuts who is connected, and gives them back', async () => {
    const port = await freePort();
    const echo = await startService([
      'node',
      '-e',
      `require('net').createServer((s)=>s.pipe(s).on('error',()=>{})).listen(${port},'127.0.0.1')`,
    ]);
    await systemClock.sleep(300);
    const proxy = await startTestProxy(folder, { primary: port });
    try {
      bench = actingBench({ pointers: { traffic: { proxy: 'shop', socket: proxy.socket } } });
      const client = connect(proxy.port, '127.0.0.1');
      const closed = new Promise<string>((resolve) => {
        client.on('close', () => resolve('cut'));
        client.on('error', () => {});
      });
      await new Promise((resolve) => client.once('connect', resolve));
      client.write('hello');
      await new Promise((resolve) => client.once('data', resolve));
      const settings = { service: 'shop', how: 'proxy', pointer: 'traffic', servers: ['primary'] };
      expect((await fence(settings)).steps[0]).toMatchObject({ state: 'done' });
      expect(await closed).toBe('cut');
      expect(await undo(settings)).toMatchObject({ state: 'done' });
      expect(await lifted(settings)).toMatchObject({ state: 'proved' });
    } finally {
      await proxy.stop();
      await echo.stop();
    }
  });
});
