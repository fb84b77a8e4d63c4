import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, limits, Secret, systemClock } from '../core/index.ts';
import type { CheckContext, CheckResult, CheckSpec } from './check.ts';
import { checkKinds } from './kinds.ts';
import { parseCheck } from './parse-check.ts';
import { runCheck } from './run-check.ts';

let folder: string;
let server: Server;
let address: string;

const context = (more: Partial<CheckContext> = {}): CheckContext => ({
  clock: systemClock,
  baseFolder: folder,
  ...more,
});
const ask = (written: Record<string, unknown>, more: Partial<CheckContext> = {}): Promise<CheckResult> =>
  runCheck(parseCheck(written, checkKinds), checkKinds, context(more));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-checks-'));
  server = createServer((request, response) => {
    const answers: Record<string, () => void> = {
      '/health': () =>
        void response.setHeader('content-type', 'application/json').end('{"ok":true,"queue":{"length":3}}'),
      '/broken': () => void response.writeHead(500).end('database is down'),
      '/moved': () => void response.writeHead(302, { location: '/health' }).end(),
      '/away': () => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      '/circle': () => void response.writeHead(302, { location: '/circle' }).end(),
      '/huge': () => void response.end(Buffer.alloc(limits.httpBodyBytesMax + 1, 0x61)),
      '/slow': () => {},
    };
    (answers[request.url ?? ''] ?? (() => void response.writeHead(404).end()))();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('http', () => {
  const green: Record<string, unknown>[] = [
    { http: '/health' },
    { http: '/health', expect: 'status == 200 && json.queue.length < 10' },
    { http: '/health', expect: 'body.contains("ok") && ms < 5000' },
    { http: '/broken', expect: 'status == 500' },
    { http: '/moved', expect: 'status == 200' },
    { http: { url: '/health', method: 'HEAD' } },
  ];
  test.each(green)('green: %o', async (written) => {
    expect(await ask(written, { serviceUrl: address })).toMatchObject({ ok: true });
  });

  const red: [Record<string, unknown>, RegExp][] = [
    [{ http: '/broken' }, /status 500/],
    [{ http: '/health', expect: 'json.queue.length > 10' }, /status 200/],
    [{ http: '/nowhere' }, /status 404/],
    [{ http: '/away' }, /redirects to http:\/\/127\.0\.0\.1:1, which is somebody else/],
    [{ http: '/circle' }, /more than 3 redirects/],
    [{ http: '/huge' }, /larger than/],
    [{ http: 'http://127.0.0.1:2/' }, /no answer: .*connection refused/],
    [{ http: 'ftp://127.0.0.1/' }, /not an address/],
    [{ http: '/slow', timeout: '200ms' }, /no answer: nothing came within 0\.2 s/],
  ];
  test.each(red)('red: %o', async (written, observed) => {
    const result = await ask(written, { serviceUrl: address });
    expect(result).toMatchObject({ ok: false, observed: expect.stringMatching(observed) as string });
  });

  test('a relative address without a service is red and says what to do', async () => {
    expect(await ask({ http: '/health' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('no service') as string,
    });
  });
});

describe('tcp', () => {
  test('an open port is green, a closed one red', async () => {
    expect(await ask({ tcp: address.replace('http://', '') })).toMatchObject({ ok: true });
    expect(await ask({ tcp: '127.0.0.1:1' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(await ask({ tcp: { host: '127.0.0.1', port: 1 }, expect: 'open' })).toMatchObject({ ok: false });
  });
});

describe('file', () => {
  beforeAll(() => writeFile(join(folder, 'readme.txt'), 'hello lifeboat\n'));
  const sha256 = 'a1d7b1a4c0b5ee3b5dd1d6ef1e84c3d0bbd5f2ac0b4ff2a4cf2a5c3b2bd4bfb9';

  test('exists, holds what it should, and can be judged by an expectation', async () => {
    expect(await ask({ file: 'readme.txt' })).toMatchObject({ ok: true, observed: 'readme.txt has 15 bytes' });
    expect(
      await ask({ file: 'readme.txt', expect: 'bytes == 15 && text.startsWith("hello") && size(sha256) == 64' }),
    ).toMatchObject({ ok: true });
    expect(await ask({ file: { path: 'readme.txt', contains: 'lifeboat', bytesMin: 10 } })).toMatchObject({ ok: true });
    expect(await ask({ file: 'none.txt', expect: '!exists' })).toMatchObject({ ok: true });
  });

  test('missing, too small, other content and other hash are red', async () => {
    expect(await ask({ file: 'none.txt' })).toMatchObject({ ok: false, observed: 'none.txt is not there' });
    expect(await ask({ file: { path: 'readme.txt', bytesMin: 16 } })).toMatchObject({ ok: false });
    expect(await ask({ file: { path: 'readme.txt', contains: 'titanic' } })).toMatchObject({ ok: false });
    expect(await ask({ file: { path: 'readme.txt', sha256 } })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('its SHA-256 is') as string,
    });
  });

  test('is looked for in the restored folder, not beside the plan', async () => {
    expect(await ask({ file: 'readme.txt' }, { root: tmpdir() })).toMatchObject({ ok: false });
  });
});

describe('command', () => {
  test('an exit code of 0 is green, another red, and an expectation decides over both', async () => {
    expect(await ask({ command: ['true'] })).toMatchObject({ ok: true });
    expect(await ask({ command: ['sh', '-c', 'echo bad >&2; exit 3'] })).toMatchObject({
      ok: false,
      observed: 'exit code 3: bad',
    });
    expect(
      await ask({ command: ['sh', '-c', 'echo 42; exit 3'], expect: 'exitCode == 3 && stdout == "42"' }),
    ).toMatchObject({ ok: true });
    expect(await ask({ command: ['no-such-program'] })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('not installed') as string,
    });
  });

  test('one that takes too long is ended with its children before the answer comes', async () => {
    const file = join(folder, 'pid');
    const script = `sleep 60 & echo $! > ${file}; wait`;
    expect(await ask({ command: ['sh', '-c', script], timeout: '300ms' })).toMatchObject({ ok: false });
    const { readFile } = await import('node:fs/promises');
    expect(isAlive(Number(await readFile(file, 'utf8')))).toBe(false);
  });

  test('gets no secret of our environment', async () => {
    process.env['LB_TEST_SECRET'] = 'in-the-environment';
    expect(await ask({ command: ['env'], expect: '!stdout.contains("in-the-environment")' })).toMatchObject({
      ok: true,
    });
    delete process.env['LB_TEST_SECRET'];
  });
});

const file = (): string => join(folder, 'shop.db');

describe('sql on SQLite', () => {
  beforeAll(() => {
    const database = new DatabaseSync(file());
    database.exec(
      "create table orders (id integer primary key, name text); insert into orders (name) values ('a'), ('b')",
    );
    database.close();
  });

  test('a figure is judged by its own truth or by an expectation', async () => {
    const more = { databaseUrl: file() };
    expect(await ask({ sql: 'select count(*) from orders' }, more)).toMatchObject({ ok: true, observed: 'value is 2' });
    expect(await ask({ sql: 'select count(*) from orders', expect: 'value == 2' }, more)).toMatchObject({ ok: true });
    expect(await ask({ sql: 'select count(*) from orders', expect: 'value > 2' }, more)).toMatchObject({
      ok: false,
      expected: 'value > 2',
    });
    expect(
      await ask({ sql: 'select id, name from orders', expect: 'row.name == "a" && size(rows) == 2' }, more),
    ).toMatchObject({ ok: true });
    expect(await ask({ sql: 'select id from orders where id > 9' }, more)).toMatchObject({
      ok: false,
      observed: 'no rows',
    });
    expect(
      await ask({
        sql: { query: 'select 9007199254740993', database: `sqlite:${file()}` },
        expect: 'value == 9007199254740993',
      }),
    ).toMatchObject({ ok: true });
  });

  test.each([
    ['writing', "insert into orders (name) values ('c')"],
    ['two statements', 'select 1; delete from orders'],
    ['a table that is not there', 'select * from nothing'],
    ['nothing', ' '],
    ['far too many rows', 'with recursive n(i) as (select 1 union all select i + 1 from n) select i from n'],
  ])('%s is red and changes nothing', async (_, sql) => {
    expect(await ask({ sql }, { databaseUrl: file() })).toMatchObject({ ok: false });
    expect(
      await ask({ sql: 'select count(*) from orders', expect: 'value == 2' }, { databaseUrl: file() }),
    ).toMatchObject({ ok: true });
  });

  test('two statements are fine when the second is only a comment', async () => {
    expect(await ask({ sql: 'select 1; -- done\n' }, { databaseUrl: file() })).toMatchObject({ ok: true });
  });

  test('a database that is not there is not made', async () => {
    expect(await ask({ sql: 'select 1' }, { databaseUrl: join(folder, 'none.db') })).toMatchObject({ ok: false });
    expect(await ask({ file: 'none.db', expect: '!exists' })).toMatchObject({ ok: true });
  });

  test('a check that belongs to no database is red and says so', async () => {
    expect(await ask({ sql: 'select 1' })).toMatchObject({
      ok: false,
      observed: expect.stringContaining('names no database') as string,
    });
  });
});

describe('a check never throws', () => {
  const specs: [string, CheckSpec][] = [
    ['an unknown kind', { kind: 'htp', settings: '/' }],
    ['settings that its kind does not take', { kind: 'tcp', settings: 'nowhere' }],
    ['an expectation that does not parse', { kind: 'command', settings: ['true'], expect: 'exitCode ==' }],
    ['an expectation that names something unknown', { kind: 'command', settings: ['true'], expect: 'exitcode == 0' }],
    ['an expectation that is no condition', { kind: 'command', settings: ['true'], expect: 'exitCode' }],
  ];
  test.each(specs)('%s is red', async (_, spec) => {
    expect(await runCheck(spec, checkKinds, context())).toMatchObject({ ok: false });
  });

  test('an unknown name in an expectation is told with those that are there', async () => {
    const { observed } = await runCheck(
      { kind: 'command', settings: ['true'], expect: 'exitcode == 0' },
      checkKinds,
      context(),
    );
    expect(observed).toMatch(/names exitcode, which is not there; it may use: exitCode, stdout/);
  });

  test('when it is stopped it is red at once', async () => {
    const result = await ask({ http: `${address}/slow` }, { signal: AbortSignal.abort(new Error('enough')) });
    expect(result).toMatchObject({ ok: false, observed: expect.stringContaining('enough') as string });
  });

  test('no secret is in what it says', async () => {
    const secret = new Secret('correct-horse-battery');
    const result = await ask({
      command: ['echo', secret.reveal()],
      name: `says ${secret.reveal()}`,
      expect: `stdout == "${secret.reveal()}!"`,
    });
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('horse');
  });
});

test('a check is written with one key for its kind', () => {
  expect(parseCheck({ sql: 'select 1', expect: 'value == 1', name: 'one', timeout: '5s' }, checkKinds)).toEqual({
    kind: 'sql',
    settings: 'select 1',
    name: 'one',
    expect: 'value == 1',
    timeoutMs: 5000,
  });
  for (const wrong of [{}, { sql: 'select 1', file: 'x' }, { sqll: 'x' }, { sql: 1 }, { sql: 'x', timeout: 'soon' }]) {
    expect(() => parseCheck(wrong, checkKinds)).toThrow(expect.objectContaining({ name: 'LifeboatError' }) as Error);
  }
});
