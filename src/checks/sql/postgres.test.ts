import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/index.ts';
import type { CheckResult } from '../check.ts';
import { checkKinds } from '../kinds.ts';
import { parseCheck } from '../parse-check.ts';
import { runCheck } from '../run-check.ts';
import { noPostgres, startTestServer, type TestServer } from '../testing/postgres.ts';

let server: TestServer;

const ask = (sql: unknown, more: Record<string, unknown> = {}, databaseUrl = server.url): Promise<CheckResult> =>
  runCheck(parseCheck({ sql, ...more }, checkKinds), checkKinds, { clock: systemClock, baseFolder: '/', databaseUrl });

describe.skipIf(noPostgres !== undefined)(
  `sql on PostgreSQL${noPostgres === undefined ? '' : ` (skipped: ${noPostgres})`}`,
  () => {
    beforeAll(async () => {
      server = await startTestServer();
    });
    afterAll(() => server.stop());

    test.each([
      ['select count(*) from pg_class', 'value > 0'],
      ['select 0', 'value == 0'],
      ['select 12345678901234567890::numeric', 'value == 12345678901234567890.0 || value > 9007199254740992'],
      ['select 9007199254740993::bigint', 'value == 9007199254740993'],
      ['select 1.5::numeric', 'value > 1 && value < 2'],
      ["select 'ready'", 'value == "ready"'],
      ["select '12'::text", 'value > 0'],
      ['select true', 'value'],
      ['select null', 'value == null'],
      ["select timestamptz '2026-11-21 04:43:47.5+01'", 'value == timestamp("2026-11-21T03:43:47.5Z")'],
      ['select \'{"a": [1, 2]}\'::jsonb', 'size(value.a) == 2'],
      ['select 1 as one, 2 as two', 'row.one + row.two == 3'],
      ['select generate_series(1, 3)', 'size(rows) == 3'],
      ['show server_version_num', 'value >= 150000'],
    ])('%s gives what "%s" expects', async (sql, expectation) => {
      expect(await ask(sql, { expect: expectation })).toMatchObject({ ok: true });
    });

    test('without an expectation a first value that is neither false nor zero is green', async () => {
      expect(await ask('select 3')).toMatchObject({ ok: true, observed: 'value is 3' });
      expect(await ask('select false')).toMatchObject({ ok: false, observed: 'value is false' });
      expect(await ask('select 0')).toMatchObject({ ok: false });
      expect(await ask('select 1 where false')).toMatchObject({ ok: false, observed: 'no rows' });
    });

    test.each([
      ['writing', 'create table t (id int)', /read-only/],
      ['two statements', 'select 1; drop table pg_class', /multiple commands/],
      ['leaving the read-only transaction', 'commit; create table t (id int)', /multiple commands/],
      ['a mistake', 'select nothing from nowhere', /does not exist/],
      ['far too many rows', 'select generate_series(1, 100000000)', /more than 1000 rows/],
    ])('%s is red and says why', async (_, sql, observed) => {
      expect(await ask(sql)).toMatchObject({ ok: false, observed: expect.stringMatching(observed) as string });
    });

    test('a query that takes too long is ended on the server too', async () => {
      expect(await ask('select pg_sleep(60)', { timeout: '500ms' })).toMatchObject({ ok: false });
      const running = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'";
      let result = await ask(running, { expect: 'value == 0' });
      for (let tries = 0; !result.ok && tries < 50; tries += 1) {
        await systemClock.sleep(100);
        result = await ask(running, { expect: 'value == 0' });
      }
      expect(result).toMatchObject({ ok: true });
    });

    test('a server that is not there is red, without the password of its address', async () => {
      const result = await ask('select 1', {}, 'postgresql://shop:correct-horse@127.0.0.1:1/postgres');
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain('horse');
    });
  },
);
