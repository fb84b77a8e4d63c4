import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  startTestCluster,
  type TestCluster,
} from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(
  `a file of the log that a server hands over (${missing ? 'skipped: no PostgreSQL 15' : '15'})`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;
    let folder: string;
    let complete: string;
    let open: string;

    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      folder = join(cluster.folder, 'handed-over');
      await mkdir(folder);
      complete = await walFile();
      await cluster.sql('create table t as select 1 as n');
      await cluster.sql(`select pg_create_restore_point('here')`);
      await cluster.sql('select pg_switch_wal()');
      await cluster.sql('insert into t values (2)');
      open = await walFile();
    });

    afterAll(async () => {
      await repository?.close();
      await cluster?.destroy();
    });

    const walFile = async (): Promise<string> =>
      String((await cluster.sql('select pg_walfile_name(pg_current_wal_insert_lsn()) as name'))[0]?.['name']);
    const contentOf = (name: string): Promise<Buffer> => readFile(join(cluster.dataFolder, 'pg_wal', name));
    const log = () => repository.log('orders', 'any');
    const push = async (name: string, bytes: Buffer): Promise<{ stored: boolean }> => {
      const path = join(folder, name);
      await writeFile(path, bytes);
      await chmod(path, 0o600);
      const keeping = postgresAsset({ url: cluster.url }).log as NonNullable<ReturnType<typeof postgresAsset>['log']>;
      return keeping.push(path, async () => [log()]);
    };

    it('trap "archive_command": stored whole with what it says of time; again is fine, other content is an error', async () => {
      const bytes = await contentOf(complete);
      expect(await push(complete, bytes)).toEqual({ stored: true });
      const [piece] = (await log().list()).pieces;
      expect(await log().read(piece as NonNullable<typeof piece>)).toEqual(bytes);
      const marks = await log().marks(piece as NonNullable<typeof piece>);
      expect(marks.names?.map(({ name }) => name)).toEqual(['here']);
      expect(marks.commits?.count).toBeGreaterThan(0);
      await push(complete, bytes);
      const other = Buffer.from(bytes);
      other[5_000] = (other[5_000] as number) ^ 1;
      await expect(push(complete, other)).rejects.toMatchObject({ code: 'log.conflict' });
    });

    it('trap "partial segments": one that is still written to is refused; .partial is kept as far as it goes, and replaces nothing', async () => {
      const bytes = await contentOf(open);
      await expect(push(open, bytes)).rejects.toMatchObject({ code: 'asset.corrupt', message: /not complete/ });
      await push(`${open}.partial`, bytes);
      const piece = (await log().list()).pieces.at(-1) as { start: bigint; end: bigint };
      expect(piece.end - piece.start).toBeLessThan(2n ** 20n);
      await push(`${complete}.partial`, await contentOf(complete));
      expect((await log().list()).pieces).toHaveLength(2);
    });

    it('histories are kept, notes of backups are not needed, anything else is refused', async () => {
      expect(await push('00000002.history', Buffer.from('1\t0/2000000\tx\n'))).toEqual({ stored: true });
      expect(await log().history(2)).toContain('0/2000000');
      expect(await push(`${complete}.00000028.backup`, Buffer.from(''))).toEqual({ stored: false });
      await expect(push('pg_control', Buffer.from('x'))).rejects.toMatchObject({ code: 'input.file' });
    });

    it('trap "archive_command checks the file": one that is not what its name says is refused: cut, of another place, of another version', async () => {
      const bytes = await contentOf(complete);
      await expect(push(complete, bytes.subarray(0, 5_000))).rejects.toMatchObject({ code: 'asset.corrupt' });
      await expect(push(open, bytes)).rejects.toMatchObject({ code: 'asset.corrupt', message: /another place/ });
      const older = Buffer.from(bytes);
      older.writeUInt16LE(0xd10d, 0);
      await expect(push(complete, older)).rejects.toMatchObject({ code: 'asset.unsupported' });
      expect((await readdir(folder)).length).toBeGreaterThan(0);
    });
  },
);
