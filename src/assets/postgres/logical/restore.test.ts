import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../../../core/index.ts';
import { runSql, startTestCluster, type TestCluster } from '../../../testing/postgres/cluster.ts';
import type { Captured, MemoryPoint } from '../../testing/memory-point.ts';
import { databaseList, dumpFactsOf, type DatabaseList, type DumpFacts } from './facts.ts';
import { dumpableMajor } from './testing/dumpable.ts';
import { apply, capture, filesOf, logicalAsset, pointOf } from './testing/source.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const major = await dumpableMajor();

const reason = major === undefined ? 'no server and pg_dump of one version' : undefined;

describe.skipIf(major === undefined)(`a restore of a dump${skippedFor(reason)}`, () => {
  let cluster: TestCluster;
  let taken: Captured;
  let contents: Map<string, Buffer>;
  let number = 0;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number });
    await cluster.sql(
      'create table orders (id serial primary key); insert into orders select from generate_series(1, 10)',
    );
    taken = await capture(cluster.url, { databases: ['postgres'] });
    contents = await filesOf(taken);
  });

  afterAll(() => cluster?.destroy());

  /** The point with other facts or files. */
  const changed = (facts: Partial<DumpFacts>, files: Record<string, Buffer> = {}): MemoryPoint =>
    pointOf({ ...taken.point.facts, ...facts }, new Map([...contents, ...Object.entries(files)]));
  const factsWith = (change: (database: DumpFacts['databases'][number]) => object): Partial<DumpFacts> => ({
    databases: dumpFactsOf(taken.point.facts).databases.map((database) => ({ ...database, ...change(database) })),
  });
  const listWith = (change: (list: DatabaseList) => DatabaseList): Record<string, Buffer> => {
    const list = databaseList.parse(JSON.parse(String(contents.get('databases/postgres.json'))));
    return { 'databases/postgres.json': Buffer.from(JSON.stringify(change(list))) };
  };
  const newTarget = (): string => join(cluster.folder, `copy-${(number += 1)}`);
  const applying = (point: MemoryPoint, target = newTarget()): Promise<void> =>
    apply(logicalAsset(cluster.url), { point }, target);
  const serversBelow = async (folder: string): Promise<string[]> =>
    (await mustSucceed(['ps', '-eo', 'args'])).stdout.split('\n').filter((line) => line.includes(`-D ${folder}/copy-`));

  it('trap "extensions in the target": is refused by name before anything is restored, with all that is missing', async () => {
    const lacking = factsWith(({ extensions }) => ({
      extensions: [...extensions, { name: 'timetravel', version: '2.1' }],
      collations: [{ schema: 'pg_catalog', name: 'tlh_KX', provider: 'libc', locale: 'tlh_KX' }],
    }));
    await expect(applying(changed(lacking, { 'globals.sql': Buffer.from('nonsense;') }))).rejects.toMatchObject({
      code: 'asset.tool_missing',
      message: expect.stringMatching(/extension timetravel 2\.1.*collation pg_catalog\.tlh_KX/),
    });
  });

  it('trap "psql needs ON_ERROR_STOP": one role that fails ends it, and no hash of a password is told', async () => {
    const globals = String(contents.get('globals.sql')).replace(
      'CREATE ROLE "shop";',
      `CREATE ROLE "shop";\nALTER ROLE "nobody there" WITH PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$hash';\n`,
    );
    const refusal = await applying(changed({}, { 'globals.sql': Buffer.from(globals) })).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({
      code: 'restore.check_failed',
      message: expect.stringContaining('"nobody there"'),
    });
    expect(String((refusal as Error).message)).not.toContain('SCRAM');
  });

  it('of a truncated dump is refused before pg_restore sees it', async () => {
    const dump = contents.get('databases/postgres.dump') as Buffer;
    await expect(
      applying(changed({}, { 'databases/postgres.dump': dump.subarray(0, dump.length - 1) })),
    ).rejects.toMatchObject({
      code: 'asset.corrupt',
      message: expect.stringContaining('not whole'),
    });
  });

  it('that does not bring back every row and number is red, naming the table', async () => {
    const more = listWith((list) => ({
      ...list,
      tables: list.tables.map((table) => ({ ...table, rows: table.rows + 1 })),
      sequences: list.sequences.map((sequence) => ({ ...sequence, value: '7' })),
    }));
    const structure = factsWith((database) => ({ structure: { ...database.structure, views: 2 } }));
    await expect(applying(changed(structure, more))).rejects.toMatchObject({
      code: 'restore.check_failed',
      message: expect.stringMatching(
        /0 views instead of 2.*10 rows in public\.orders instead of 11.*orders_id_seq is at 10 instead of 7/,
      ),
    });
  });

  it('trap "pg_restore ignores errors": a statement that fails is an error with the statement, and the cluster is stopped', async () => {
    await cluster.sql('create database broken');
    try {
      const url = cluster.url.replace(/postgres$/, 'broken');
      // Valid at the source, because it was not when the row came; a copy sees it with the row from the start.
      await runSql(
        url,
        `create function small(n int) returns boolean language sql immutable as 'select true';
         create table limited (n int check (small(n))); insert into limited values (100);
         create or replace function small(n int) returns boolean language sql immutable as 'select n < 10'`,
      );
      const broken = await capture(url, { databases: ['broken'] });
      const target = newTarget();
      await expect(apply(logicalAsset(url), broken, target)).rejects.toMatchObject({
        code: 'restore.check_failed',
        message: expect.stringContaining('limited'),
      });
      // What came back is kept for people, who may have nothing else: whoever restores decides.
      expect(existsSync(join(target, 'PG_VERSION'))).toBe(true);
    } finally {
      await cluster.sql('drop database broken');
    }
    expect(await serversBelow(cluster.folder)).toEqual([]);
    expect((await readdir(cluster.folder)).filter((name) => name.endsWith('.dump'))).toEqual([]);
  });

  it('says before any work that a disk is too small', async () => {
    const large = factsWith(() => ({ sourceBytes: 2 ** 60 }));
    expect(logicalAsset(cluster.url).room?.(changed(large).facts)).toBeGreaterThanOrEqual(2 ** 60);
    const target = newTarget();
    await expect(applying(changed(large), target)).rejects.toMatchObject({ code: 'restore.no_room' });
    expect(existsSync(target)).toBe(false);
  });

  it('trap "wrong version": without a server and programs that fit is refused with what there is', async () => {
    await expect(applying(changed({ major: 18, dumpMajor: 18 }))).rejects.toMatchObject({
      code: 'asset.tool_missing',
      hint: expect.stringContaining('postgresql-client-18'),
    });
  });
});
