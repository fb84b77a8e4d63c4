import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, isLifeboatError, silentProgress, systemClock } from '../../../core/index.ts';
import { installedMajors, startTestCluster, type TestCluster } from '../../../testing/postgres/cluster.ts';
import type { Entry } from '../../entry.ts';
import { databaseList } from './facts.ts';
import { findDumpPrograms } from './programs.ts';
import { dumpableMajor } from './testing/dumpable.ts';
import { capture, inDatabase, logicalAsset } from './testing/source.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const major = await dumpableMajor();
const undumpable = (
  await Promise.all((await installedMajors()).map(async (one) => ((await dumpable(one)) ? [] : [one])))
).flat();

async function dumpable(one: number): Promise<boolean> {
  try {
    await findDumpPrograms(one);
    return true;
  } catch (error) {
    if (isLifeboatError(error, 'asset.tool_missing')) return false;
    throw error;
  }
}

const reason = major === undefined ? 'no server and pg_dump of one version' : undefined;
const allDumpable = undumpable.length === 0 ? 'this machine can dump all servers it has' : undefined;

describe.skipIf(major === undefined)(`a server to be dumped${skippedFor(reason)}`, () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number });
    await cluster.sql(`create role reader login password 'reading';
      create role dumper login password 'dumping'; grant pg_read_all_data to dumper;
      create table large as select n, repeat(md5(n::text), 20) as filler from generate_series(1, 40000) n`);
  });

  /** A dump of somebody else on this machine, such as of a test beside this one. */
  let foreign: ChildProcess;
  beforeAll(() => {
    const words = ['-e', 'setInterval(() => {}, 1000)', 'pg_dump', '--format=custom', '--snapshot=of-others'];
    foreign = spawn(process.execPath, words, { stdio: 'ignore' });
  });

  afterAll(async () => {
    foreign.kill('SIGKILL');
    await cluster?.destroy();
  });

  const sessions = async (): Promise<unknown> =>
    (
      await cluster.sql(
        `select count(*)::int as n from pg_stat_activity where application_name like 'lifeboat%' and pid <> pg_backend_pid()`,
      )
    )[0]?.['n'];
  /** Of this server only: others are dumped on this machine too. */
  const dumpers = async (): Promise<number[]> => {
    const own = `PGPORT=${new URL(cluster.url).port}\0`;
    const numbers = (await readdir('/proc')).filter((one) => /^\d+$/.test(one));
    const found = numbers.map(async (one) => {
      const isOwn = (await wordsOf(one, 'environ')).includes(own);
      return isOwn && (await wordsOf(one, 'cmdline')).includes('pg_dump\0--format=custom') ? [Number(one)] : [];
    });
    return (await Promise.all(found)).flat();
  };

  /** Captures, and calls `during` once the dump of the database has begun. */
  const captureWith = async (during: (of: { signal: AbortController }) => Promise<void>): Promise<unknown> => {
    const stop = new AbortController();
    const entries = logicalAsset(cluster.url, { databases: ['postgres'] }).capture({
      readSoFar: async () => {},
      progress: silentProgress,
      scratch: '/nonexistent',
      signal: stop.signal,
    });
    try {
      for (;;) {
        const next = await entries.next();
        if (next.done === true) return next.value;
        await readOut(next.value, () => during({ signal: stop }));
      }
    } finally {
      await entries.return(undefined as never);
    }
  };
  const readOut = async ({ content, path }: Entry, during: () => Promise<void>): Promise<void> => {
    if (content?.kind !== 'stream') return;
    let begun = false;
    for await (const _ of content.read()) {
      if (!begun && path.endsWith('.dump')) await during();
      begun = true;
    }
  };

  it('with a wrong password is denied, and the password is not told', async () => {
    const taking = capture(cluster.urlOf('shop', 'not-the-password'));
    await expect(taking).rejects.toMatchObject({ code: 'asset.denied' });
    await expect(taking).rejects.not.toMatchObject({ message: expect.stringContaining('not-the-password') });
  });

  it('trap "privileges can skip rows": a table that may not be read fails the dump and names it', async () => {
    await expect(capture(cluster.urlOf('reader', 'reading'))).rejects.toMatchObject({
      code: 'asset.denied',
      message: expect.stringContaining('large'),
      hint: expect.stringContaining('pg_read_all_data'),
    });
    await expect.poll(sessions).toBe(0);
  });

  it('trap "row security can skip rows": rows that a policy would hide fail the dump', async () => {
    await cluster.sql('create table hidden (n int); alter table hidden enable row level security');
    await expect(capture(cluster.urlOf('dumper', 'dumping'))).rejects.toMatchObject({
      code: 'asset.denied',
      message: expect.stringContaining('row-level security'),
      hint: expect.stringContaining('BYPASSRLS'),
    });
    await cluster.sql('drop table hidden');
  });

  it('with a database that is not there, or that the user may not enter, says which', async () => {
    await expect(capture(cluster.url, { databases: ['nowhere'] })).rejects.toMatchObject({
      code: 'asset.denied',
      message: expect.stringContaining('nowhere'),
    });
    await cluster.sql('create database closed');
    await cluster.sql('revoke connect on database closed from public');
    await expect(capture(cluster.urlOf('dumper', 'dumping'))).rejects.toMatchObject({
      code: 'asset.denied',
      message: expect.stringContaining('closed'),
      hint: expect.stringContaining('GRANT CONNECT'),
    });
    await cluster.sql('drop database closed');
  });

  it('names every database that accepts no connections as left out', async () => {
    await cluster.sql('create database sleeping allow_connections false');
    const { facts } = await capture(cluster.url);
    expect(facts.warnings).toEqual(['The database sleeping is not in this point: it accepts no connections.']);
    await cluster.sql('drop database sleeping');
  });

  it('trap "globals are separate": whose user may not read passwords is dumped without them, and the point says so', async () => {
    await cluster.sql(`create role app login password 'app-secret'`);
    await cluster.sql('create database app owner app');
    const { facts, point } = await capture(inDatabase(cluster.urlOf('app', 'app-secret'), 'app'), {
      databases: ['app'],
    });
    expect(facts.warnings).toContainEqual(expect.stringContaining('passwords of the roles are not in this point'));
    expect(facts.facts).toMatchObject({ rolePasswords: false });
    const globals: Uint8Array[] = [];
    for await (const piece of point.read('globals.sql')) globals.push(piece);
    expect(String(Buffer.concat(globals))).toContain('CREATE ROLE "app"');
    expect(String(Buffer.concat(globals))).not.toContain('SCRAM');
  });

  it('trap "exit status and stderr both count": what pg_dump passes over with a warning stays in the point as one', async () => {
    await cluster.sql(`create role watcher login bypassrls password 'watching'; grant pg_read_all_data to watcher`);
    await cluster.sql(
      `create subscription follower connection 'host=127.0.0.1 port=1' publication "any" with (connect = false)`,
    );
    const { facts } = await capture(cluster.urlOf('watcher', 'watching'), { databases: ['postgres'] });
    expect(facts.warnings).toContainEqual(expect.stringContaining('subscriptions not dumped'));
    await cluster.sql('alter subscription follower set (slot_name = none); drop subscription follower');
  });

  it('whose url names a database that is not dumped is a mistake of the plan', async () => {
    await cluster.sql('create database other');
    const url = inDatabase(cluster.url, 'other');
    await expect(capture(url, { databases: ['postgres'] })).rejects.toMatchObject({ code: 'plan.invalid' });
    await cluster.sql('drop database other');
  });

  it('that nobody answers for is unreachable', async () => {
    await expect(capture('postgresql://shop:secret@127.0.0.1:1/postgres')).rejects.toMatchObject({
      code: 'asset.unreachable',
    });
  });

  it('trap "an aborted pg_dump": one that is killed makes no point, though it wrote a beginning', async () => {
    const killing = captureWith(async () => {
      const [{ pid } = { pid: 0 }] = await cluster.sql(
        `select pid from pg_stat_activity where application_name = 'lifeboat pg_dump'`,
      );
      expect(pid).toBeGreaterThan(0);
      const found = await dumpers();
      expect(found).toHaveLength(1);
      for (const one of found) process.kill(one, 'SIGKILL');
    });
    await expect(killing).rejects.toMatchObject({
      code: 'process.failed',
      message: expect.stringContaining('SIGKILL'),
    });
    expect(isAlive(foreign.pid as number)).toBe(true);
  });

  it('trap "exit status": a session that the server ends in the middle is a source that vanished', async () => {
    const ending = captureWith(async () => {
      await cluster.sql(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lifeboat pg_dump'`,
      );
    });
    await expect(ending).rejects.toMatchObject({ code: 'asset.vanished' });
  });

  it('has no session and no program left when the capture is stopped or ended early', async () => {
    const stopping = captureWith(async ({ signal }) => signal.abort());
    await expect(stopping).rejects.toMatchObject({ code: 'operation.cancelled' });
    const broken = captureWith(async () => {
      throw new Error('the store is full');
    });
    await expect(broken).rejects.toThrow('the store is full');
    for (let turn = 0; turn < 1500 && (await sessions()) !== 0; turn += 1) await systemClock.sleep(20);
    expect([await sessions(), await dumpers()]).toEqual([0, []]);
  });

  it('trap "snapshots": is dumped as it was when it was counted, whatever is written before pg_dump begins', async () => {
    await cluster.sql('create table counted as select generate_series(1, 10) as n');
    const asset = logicalAsset(cluster.url, {
      databases: ['postgres'],
      measure: { rows: 'select count(*) from counted' },
    });
    const entries = asset.capture({ readSoFar: async () => {}, progress: silentProgress, scratch: '/nonexistent' });
    let list = '';
    for (;;) {
      const next = await entries.next();
      if (next.done === true) {
        expect(next.value.newest).toEqual({ count: 10 });
        break;
      }
      if (next.value.content?.kind !== 'stream') continue;
      if (next.value.path.endsWith('.dump')) await cluster.sql('insert into counted select generate_series(11, 30)');
      for await (const piece of next.value.content.read()) if (next.value.path.endsWith('.json')) list += String(piece);
    }
    const { tables } = databaseList.parse(JSON.parse(list));
    expect(tables.find(({ name }) => name === 'counted')).toMatchObject({ rows: 10 });
    await cluster.sql('drop table counted');
  });

  it.each([
    ['while a query of the plan is still counting', 300],
    ['before it does, while its connection opens', 0],
  ])('is stopped at once %s', async (_, afterMs) => {
    const stop = new AbortController();
    const asset = logicalAsset(cluster.url, { measure: { rows: 'select count(*) from pg_sleep(60)' } });
    const entries = asset.capture({
      readSoFar: async () => {},
      progress: silentProgress,
      scratch: '/nonexistent',
      signal: stop.signal,
    });
    const startedMs = systemClock.elapsed();
    const ended = (async () => {
      for (;;) {
        const next = await entries.next();
        if (next.done === true) return;
        if (next.value.content?.kind === 'stream') for await (const piece of next.value.content.read()) void piece;
        if (next.value.path === 'databases')
          setImmediate(() => void (afterMs === 0 ? stop.abort() : systemClock.sleep(afterMs).then(() => stop.abort())));
      }
    })();
    await expect(ended).rejects.toMatchObject({ code: 'operation.cancelled' });
    expect(systemClock.elapsed() - startedMs).toBeLessThan(30_000);
  });

  it('that drops a table between the snapshot and its dump is asked again later', async () => {
    const entries = logicalAsset(cluster.url, { databases: ['postgres'] }).capture({
      readSoFar: async () => {},
      progress: silentProgress,
      scratch: '/nonexistent',
    });
    await cluster.sql('create table short_lived as select 1 as n');
    try {
      for (;;) {
        const next = await entries.next();
        if (next.done === true || next.value.content?.kind !== 'stream' || !next.value.path.endsWith('.dump')) continue;
        await cluster.sql('drop table short_lived');
        const reading = (async (content) => {
          for await (const _ of content.read());
        })(next.value.content);
        await expect(reading).rejects.toMatchObject({ code: 'asset.changing', retry: 'later' });
        return;
      }
    } finally {
      await entries.return(undefined as never);
    }
  });
});

async function wordsOf(pid: string, what: 'cmdline' | 'environ'): Promise<string> {
  return readFile(`/proc/${pid}/${what}`, 'utf8').catch(() => ''); // it ended meanwhile
}

describe.skipIf(undumpable.length === 0)(`a server without a pg_dump of its version${skippedFor(allDumpable)}`, () => {
  it('trap "version of pg_dump ≥ server": is refused with what there is and what to install', async () => {
    const newer = undumpable[0] as number;
    const cluster = await startTestCluster({ major: newer });
    try {
      await expect(capture(cluster.url)).rejects.toMatchObject({
        code: 'asset.tool_missing',
        message: expect.stringContaining(`pg_dump ${newer} or newer`),
        hint: expect.stringContaining(`postgresql-client-${newer}`),
      });
    } finally {
      await cluster.destroy();
    }
  });
});
