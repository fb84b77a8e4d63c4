import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedMajors, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { endOf, Place } from './support/lifeboat.ts';

const installed = (await installedMajors()).includes(15) && existsSync('/usr/lib/postgresql/15/bin/pg_dump');

describe.skipIf(!installed)(
  `restore --table into a file${installed ? '' : ' (skipped: PostgreSQL 15 with pg_dump is not installed)'}`,
  () => {
    let cluster: TestCluster;
    let place: Place;
    const words = (file: string) => ['restore', 'orders', '--table', 'orders', '--table', 'notes', '--to', file];

    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      place = Place.in(cluster.folder);
      process.env['LB_TEST_TABLES_FILE_PASS'] = 'correct horse battery staple';
      process.env['LB_TEST_TABLES_FILE_URL'] = cluster.url;
      await writeFile(place.path('lifeboat.yaml'), plan);
      await cluster.sql('create table orders as select n as id from generate_series(1, 500) n');
      await cluster.sql(`create table notes as select 'a note' as what`);
      await place.run('store', 'init');
      await place.run('backup', 'orders');
    });
    afterAll(async () => {
      await cluster?.destroy();
    });

    it.each(['tables.dump', 'tables.sql'])(
      'a look ahead says what would be written into %s: tables, rows, the size of the file, the time; and compares with nothing',
      async (file) => {
        const dry = await place.run(...words(file), '--dry-run');
        expect(dry, dry.stderr).toMatchObject({
          exitCode: 0,
          json: {
            dryRun: true,
            done: [],
            secondsExpected: expect.any(Number),
            tables: [
              { table: 'public.notes', action: 'dump', rows: 1 },
              { table: 'public.orders', action: 'dump', rows: 500 },
            ],
          },
        });
        for (const table of dry.json['tables'] as object[]) expect(table).not.toHaveProperty('missing');
        expect(existsSync(place.path(file))).toBe(false);
        const done = await place.run(...words(file));
        expect(done, done.stderr).toMatchObject({
          exitCode: 0,
          json: {
            fileBytes: dry.json['fileBytes'],
            done: [
              { as: 'public.notes', written: 1 },
              { as: 'public.orders', written: 500 },
            ],
          },
        });
        expect((await stat(place.path(file))).size).toBe(dry.json['fileBytes']);
      },
    );

    it('a look ahead says it to people, without a word of a database that is none', async () => {
      const { stdout } = await endOf(place.start([...words('other.dump'), '--dry-run']));
      expect(stdout).toMatch(/^writes {4}2 tables, 501 rows, \d/m);
      expect(stdout).toMatch(/^time {6}\d.*: as long as this look/m);
      expect(stdout).toMatch(/^Nothing was written\./m);
      expect(stdout).not.toMatch(/in the target|inserted|replaced|missing|only there/);
    });
  },
);

const plan = `lifeboat: 1
plan: tables
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_TABLES_FILE_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_TABLES_FILE_URL }, domain: here } }
`;
