import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endGroup, freePort, isAlive, mustSucceed, plainEnvironment } from '../../../core/index.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startTestCluster,
  take,
  type Taken,
  type TestCluster,
} from '../../../testing/postgres/index.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const [major] = await installedMajors();
const reason = major === undefined ? 'no PostgreSQL server programs are on this machine' : undefined;

describe.skipIf(major === undefined)(`a restored server${skippedFor(reason)}`, () => {
  let cluster: TestCluster;
  let repository: Repository;
  let taken: Taken;
  let facts: Record<string, unknown>;
  let restored: string;
  let copies = 0;

  beforeAll(async () => {
    cluster = await startTestCluster({
      major: major as number,
      hba: 'host all trusted 127.0.0.1/32 trust\nhost replication trusted 127.0.0.1/32 trust',
    });
    await cluster.sql('create role trusted login superuser');
    await cluster.sql('create table orders as select generate_series(1, 10) as id');
    repository = await makeTestRepository(join(cluster.folder, 'store'));
    taken = await take(postgresAsset({ url: cluster.url }), repository);
    facts = taken.facts.facts;
    restored = join(cluster.folder, 'restored');
    await taken.apply(restored);
  });

  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  /** A data directory that nobody has started yet; a copy keeps the owner, being made by the same user. */
  const fresh = async (): Promise<string> => {
    copies += 1;
    const path = join(cluster.folder, `copy-${copies}`);
    await mustSucceed(['cp', '-a', restored, path]);
    return path;
  };
  const start = async (path: string, over: { facts?: Record<string, unknown>; port?: number; url?: string } = {}) =>
    postgresAsset({ url: over.url ?? cluster.url }).start(path, {
      facts: { ...facts, ...over.facts },
      stay: false,
      ...(over.port === undefined ? {} : { port: over.port }),
    });
  const serversOf = async (path: string): Promise<string> =>
    (await mustSucceed(['ps', '-eo', 'args'])).stdout
      .split('\n')
      .filter((line) => line.includes(`-D ${path} `))
      .join('\n');

  it('leaves nothing behind where it cannot even be prepared', async () => {
    const before = process.env['TMPDIR'];
    const place = join(cluster.folder, 'temporary');
    await mkdir(place);
    process.env['TMPDIR'] = place;
    try {
      const path = await fresh();
      await mkdir(join(path, 'lifeboat.conf'));
      await expect(start(path, { url: cluster.urlOf('trusted', '') })).rejects.toThrow(/EISDIR/);
      expect(await readdir(place)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
  });

  it('says when its port is taken', async () => {
    const other = await new Promise<Server>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    const { port } = other.address() as { port: number };
    await expect(start(await fresh(), { port })).rejects.toMatchObject({
      code: 'port.taken',
      message: expect.stringContaining(String(port)),
    });
    other.close();
  });

  it('listens where it was told to, and nowhere else than on this machine', async () => {
    const path = await fresh();
    const copy = await start(path);
    try {
      expect(await runSql(copy.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
      expect(await runSql(copy.url, 'show archive_mode')).toEqual([{ archive_mode: 'off' }]);
      await expect(runSql(copy.url.replace(/:[^:@/]*@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
    } finally {
      await copy.stop();
    }
    expect(await serversOf(path)).toBe('');
  });

  it('without a password in the plan is reached by a private socket only', async () => {
    const copy = await start(await fresh(), { url: cluster.urlOf('trusted', '').replace(':@', '@') });
    try {
      expect(await runSql(copy.url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
      expect(await runSql(copy.url, 'select count(*)::int as n from orders')).toEqual([{ n: 10 }]);
    } finally {
      await copy.stop();
    }
  });

  it('without a password in the plan, on a port that was named, listens there too, and asks everybody for a password there', async () => {
    const port = await freePort();
    const copy = await start(await fresh(), { url: cluster.urlOf('trusted', '').replace(':@', '@'), port });
    const at = (url: string) => url.replace(/:\d+\/postgres$/, `:${port}/postgres`);
    try {
      expect(copy.address).toBe(`127.0.0.1:${port}`);
      const ten = [{ n: 10 }];
      expect(await runSql(copy.url, 'select count(*)::int as n from orders')).toEqual(ten);
      expect(await runSql(at(cluster.url), 'select count(*)::int as n from orders')).toEqual(ten);
      await expect(runSql(at(cluster.urlOf('trusted', 'guessed')), 'select 1')).rejects.toThrow(/password/);
      await expect(runSql(at(cluster.url).replace(/:[^:@/]*@/, ':wrong@'), 'select 1')).rejects.toThrow(/password/);
    } finally {
      await copy.stop();
    }
  });

  it('that stays, and is ended by whoever it was left to, leaves nothing outside its folder, and starts again', async () => {
    const place = join(cluster.folder, 'temporary-of-one-that-stays');
    await mkdir(place);
    const path = await fresh();
    const program = join(import.meta.dirname, '../../../testing/postgres/staying-copy.ts');
    const url = cluster.urlOf('trusted', '').replace(':@', '@');
    for (const round of [1, 2]) {
      const { stdout } = await mustSucceed([process.execPath, program, url, path, JSON.stringify(facts)], {
        env: { ...plainEnvironment(), TMPDIR: place },
        timeoutMs: 30_000,
      });
      const copy = JSON.parse(stdout) as { url: string; pid: number };
      try {
        expect(await runSql(copy.url, `select ${round} as n from orders limit 1`)).toEqual([{ n: round }]);
      } finally {
        await endGroup(copy.pid, 10_000, 'SIGINT');
      }
      expect(await readdir(place)).toEqual([]);
    }
    expect((await readdir(path, { recursive: true })).filter((name) => name.includes('.s.PGSQL'))).toEqual([]);
  });

  it.each([
    ['too long a name for a socket', 'long'.repeat(20)],
    ['a comma in its name, at which a server divides its list of folders for sockets,', 'a,b'],
  ])('whose folder has %s has it in a short one', async (_, name) => {
    const path = join(cluster.folder, name);
    await mustSucceed(['cp', '-a', restored, path]);
    const asset = postgresAsset({ url: cluster.urlOf('trusted', '').replace(':@', '@') });
    const copy = await asset.start(path, { facts, stay: true });
    try {
      expect(await runSql(copy.url, 'select count(*)::int as n from orders')).toEqual([{ n: 10 }]);
    } finally {
      await copy.stop();
    }
    expect(await readdir(path)).not.toContain('pgsql_tmp.lifeboat');
  });

  it('starts again in a folder where one was killed while it was made ready', async () => {
    const path = await fresh();
    await mkdir(join(path, 'pgsql_tmp.lifeboat'));
    await writeFile(join(path, 'pgsql_tmp.lifeboat', '.probe'), '');
    const asset = postgresAsset({ url: cluster.urlOf('trusted', '').replace(':@', '@') });
    const copy = await asset.start(path, { facts, stay: true });
    try {
      expect(await runSql(copy.url, 'select count(*)::int as n from orders')).toEqual([{ n: 10 }]);
    } finally {
      await copy.stop();
    }
  });

  it('that would not let the user in says what to change in the plan', async () => {
    const path = await fresh();
    await expect(start(path, { url: cluster.urlOf('trusted', 'never-checked') })).rejects.toMatchObject({
      code: 'asset.denied',
      hint: expect.stringContaining('take the password out'),
    });
    expect(await serversOf(path)).toBe('');
  });

  it('of another cluster than the point says is foreign, and is not left running', async () => {
    const path = await fresh();
    await expect(start(path, { facts: { systemId: '7000000000000000001' } })).rejects.toMatchObject({
      code: 'asset.foreign',
    });
    expect(await serversOf(path)).toBe('');
  });

  it('trap "Postgres calls a gap the end of the archive": one that stopped before the end of the backup is refused', async () => {
    const path = await fresh();
    await expect(start(path, { facts: { endLsn: 'FF/0' } })).rejects.toMatchObject({
      code: 'asset.start_failed',
      message: expect.stringContaining('FF/0'),
    });
    expect(await serversOf(path)).toBe('');
  });

  it('trap "a gap in the log": without the log of its backup it does not start, and the end of its own log says why', async () => {
    const path = await fresh();
    for (const name of await readdir(join(path, 'pg_wal'))) {
      if (/^[0-9A-F]{24}$/.test(name)) await rm(join(path, 'pg_wal', name));
    }
    await expect(start(path)).rejects.toMatchObject({
      code: 'asset.start_failed',
      message: expect.stringContaining('checkpoint'),
    });
    expect(await serversOf(path)).toBe('');
  });

  it('started to stay outlives the program that started it', async () => {
    const path = await fresh();
    const program = join(import.meta.dirname, '../../../testing/postgres/staying-copy.ts');
    const { stdout } = await mustSucceed([process.execPath, program, cluster.url, path, JSON.stringify(facts)], {
      env: plainEnvironment(),
      timeoutMs: 30_000,
    });
    // What a program prints is redacted when it is kept, and the password of a URL with it.
    const { url, pid } = JSON.parse(stdout) as { url: string; pid: number };
    try {
      expect(isAlive(pid)).toBe(true);
      const port = new URL(url).port;
      const reached = new URL(cluster.url);
      reached.port = port;
      expect(await runSql(reached.href, 'select count(*)::int as n from orders')).toEqual([{ n: 10 }]);
    } finally {
      await endGroup(pid, 10_000, 'SIGINT');
    }
    expect(await serversOf(path)).toBe('');
  });

  it('is refused where its user may not go, naming the folder', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root starts servers as another user');
    const closed = join(cluster.folder, 'closed');
    await mustSucceed(['mkdir', '-m', '700', closed]);
    await expect(taken.apply(join(closed, 'data'))).rejects.toMatchObject({
      code: 'restore.target_unusable',
      message: expect.stringContaining(closed),
    });
  });
});
