import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noPostgres, startTestServer, type TestServer } from '../../../checks/testing/postgres.ts';
import { isAlive, systemClock } from '../../../core/index.ts';
import { runSql } from '../../../testing/postgres/index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { stepOf, type Bench } from '../../testing/bench.ts';
import { orphansOf } from './orphans.ts';

/** Reckons for minutes, and asks its client nothing meanwhile. */
const long = 'select sum(n) from (select generate_series(1, 10000000000) n) numbers';

describe.skipIf(noPostgres !== undefined)(`a PostgreSQL that was killed${noPostgres ? ` (${noPostgres})` : ''}`, () => {
  let server: TestServer;
  let bench: Bench;
  let pidFile: string;
  beforeEach(async () => {
    server = await startTestServer();
    const [row] = await runSql(server.url, `select current_setting('data_directory') as folder`);
    pidFile = join(String(row?.['folder']), 'postmaster.pid');
    bench = actingBench({ runs: { pidFile, stopSignal: 'INT' } });
  });
  afterEach(async () => {
    bench.close();
    await server.stop();
  });

  it('goes on in what was in the middle of something, which a fence ends before it is proved', async () => {
    const client = new Client({ connectionString: server.url });
    const ended = new Promise((is) => void client.once('error', is));
    await client.connect();
    client.query(long).catch(() => {}); // it never ends by itself
    const busy = `select 1 from pg_stat_activity where query like 'select sum%' and state = 'active'`;
    while ((await runSql(server.url, busy)).length === 0) await systemClock.sleep(50);
    expect(await orphansOf(pidFile)).toEqual([]);
    const pid = Number((await readFile(pidFile, 'latin1')).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    while (isAlive(pid)) await systemClock.sleep(20);
    expect((await orphansOf(pidFile)).length).toBeGreaterThan(0);
    const result = await act(bench, stepOf('act', 'fence', 'shop'));
    expect(result.steps[0]).toMatchObject({ state: 'done' });
    await ended;
    expect(await orphansOf(pidFile)).toEqual([]);
  });
});
