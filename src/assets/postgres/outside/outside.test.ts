import { chmod, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../../../core/index.ts';
import { runSql, startTestCluster, type TestCluster } from '../../../testing/postgres/cluster.ts';
import { hasProgram, openExternal, withRestored } from '../../external/testing/restored.ts';
import { clientEnvironment, findRestorePrograms } from '../logical/index.ts';
import { makeServerFolder, serverUser } from '../server/index.ts';

const clients = await findRestorePrograms(15, 15).then(
  (found) => found.clients,
  () => undefined,
);

let folder: string;
let source: TestCluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-outside-'));
  await chmod(folder, 0o711);
});
afterAll(async () => {
  await source?.destroy();
  await rm(folder, { recursive: true, force: true });
});

async function fill(): Promise<void> {
  await source.sql(`create role "the owner"; create role reader`);
  await source.sql('create database shop owner "the owner"');
  await source.sql(
    `create table orders (id int primary key, what text); alter table orders owner to "the owner"; grant select on orders to reader;
     insert into orders select n, E'line\\nALTER TABLE x OWNER TO nobody;\\n' || n from generate_series(1, 500) n`,
    'shop',
  );
}

const noClients = clients === undefined ? ' (skipped: no client programs of PostgreSQL are installed)' : '';

describe.skipIf(noClients.length > 0)(`dumps that others made${noClients}`, () => {
  const dumps = (): string => join(folder, 'dumps');

  beforeAll(async () => {
    source ??= await startTestCluster({ major: 15 });
    await fill();
    await mkdir(dumps());
    const dump = (program: string, ...words: string[]): Promise<unknown> =>
      mustSucceed([join(clients?.folder ?? '', program), ...words], { env: clientEnvironment(source.url, 'shop') });
    await dump('pg_dump', '--format=custom', `--file=${dumps()}/shop.dump`);
    await dump('pg_dump', `--file=${dumps()}/shop.sql`);
    await dump('pg_dump', '--create', `--file=${dumps()}/created.sql`);
    await dump('pg_dumpall', `--file=${dumps()}/all.sql`);
    await writeFile(join(dumps(), 'shop.sql.gz'), gzipSync(await readFile(join(dumps(), 'shop.sql'))));
  });

  const assetOf = (match: string) =>
    openExternal({ from: { folder: 'dumps', match }, as: 'postgres', database: 'shop' }, folder);

  it.each(['shop.dump', 'shop.sql', 'created.sql', 'all.sql', 'shop.sql.gz'])(
    'come back whole, with owners and grants: %s',
    async (name) => {
      const asset = assetOf(name);
      const [point] = await asset.outside();
      await withRestored(asset, point, async ({ url }) => {
        const [row] = await runSql(
          url,
          `select count(*)::int as n, min(tableowner) as owner, has_table_privilege('reader', 'orders', 'select') as may
           from orders, pg_tables where tablename = 'orders'`,
        );
        expect(row).toEqual({ n: 500, owner: 'the owner', may: true });
        const red = (await asset.check({ url }, [])).filter(({ ok }) => !ok);
        expect(red).toEqual([]);
      });
      expect((await asset.check('source', [])).filter(({ ok }) => !ok)).toEqual([]);
    },
  );

  it.each(['shop.dump', 'shop.sql', 'all.sql', 'shop.sql.gz'])(
    'that were cut anywhere are refused before anything is restored: %s',
    async (name) => {
      const { size } = await stat(join(dumps(), name));
      for (const part of [0.1, 0.5, 0.9, 0.999]) {
        await writeFile(join(dumps(), `cut-${name}`), await readFile(join(dumps(), name)));
        await truncate(join(dumps(), `cut-${name}`), Math.floor(size * part));
        const asset = assetOf(`cut-${name}`);
        const [point] = await asset.outside();
        await expect(withRestored(asset, point, async () => {})).rejects.toMatchObject({ code: 'asset.corrupt' });
        expect((await asset.check('source', [])).filter(({ ok }) => !ok)).toHaveLength(1);
      }
    },
  );

  it('whose statements fail are no restore, and what is no dump is said to be none', async () => {
    const script = await readFile(join(dumps(), 'shop.sql'), 'utf8');
    await writeFile(
      join(dumps(), 'broken.sql'),
      script.replace('CREATE TABLE public.orders', 'CREATE TABLE public.others'),
    );
    const broken = assetOf('broken.sql');
    await expect(withRestored(broken, (await broken.outside())[0], async () => {})).rejects.toMatchObject({
      code: 'restore.check_failed',
      message: /relation "public.orders" does not exist/,
    });
    await writeFile(join(dumps(), 'notes.sql'), 'select 1; -- and nothing more than a short script\n');
    const notes = assetOf('notes.sql');
    await expect(withRestored(notes, (await notes.outside())[0], async () => {})).rejects.toMatchObject({
      code: 'asset.foreign',
    });
    const other = openExternal(
      { from: { folder: 'dumps', match: 'all.sql' }, as: 'postgres', database: 'nowhere' },
      folder,
    );
    await expect(withRestored(other, (await other.outside())[0], async () => {})).rejects.toMatchObject({
      code: 'restore.check_failed',
      message: /no database nowhere/,
    });
  });
});

const noPgBackRest = (await hasProgram('pgbackrest')) ? '' : ' (skipped: pgBackRest is not installed)';

describe.skipIf(noPgBackRest.length > 0)(`backups of pgBackRest${noPgBackRest}`, () => {
  let kept: TestCluster;
  let config: string;

  beforeAll(async () => {
    const user = await serverUser();
    const place = join(folder, 'pgbackrest');
    await makeServerFolder(place, user);
    config = join(folder, 'pgbackrest.conf');
    kept = await startTestCluster({
      major: 15,
      hba: 'local all all trust\n',
      settings: {
        archive_mode: 'on',
        archive_command: `pgbackrest --config=${config} --stanza=shop archive-push %p`,
        unix_socket_directories: place,
      },
    });
    await writeFile(
      config,
      `[global]\nrepo1-path=${place}/repository\nlog-level-file=off\nlock-path=${place}/lock\nspool-path=${place}/spool\nstart-fast=y\n` +
        `[shop]\npg1-path=${kept.dataFolder}\npg1-port=${kept.port}\npg1-socket-path=${place}\npg1-user=shop\n`,
    );
    await makeServerFolder(join(folder, 'space'), user);
    await kept.sql(`create tablespace apart location '${join(folder, 'space')}'`);
    await kept.sql('create table orders (id int) tablespace apart; insert into orders select generate_series(1, 300)');
    const as = user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } };
    for (const words of [['stanza-create'], ['backup', '--type=full']])
      await mustSucceed(['pgbackrest', `--config=${config}`, '--stanza=shop', ...words], { ...as, cwd: '/' });
  });
  afterAll(() => kept?.destroy());

  it('come back as a server of their own, tablespaces inside, recovered to the end of the backup', async () => {
    const from = { pgbackrest: 'shop', config };
    const asset = openExternal({ from, as: 'postgres', user: 'shop' }, folder);
    const [point] = await asset.outside();
    expect(point?.id).toMatch(/^\d{8}-\d{6}F$/);
    await withRestored(asset, point, async ({ url }) => {
      expect(await runSql(url, 'select count(*)::int as n from orders')).toEqual([{ n: 300 }]);
      expect(
        await runSql(url, `select pg_tablespace_location(oid) as at from pg_tablespace where spcname = 'apart'`),
      ).toEqual([{ at: expect.stringMatching(/^pg_tblspc\//) }]);
      expect((await asset.check({ url }, [])).filter(({ ok }) => !ok)).toEqual([]);
    });
    expect((await asset.check('source', [])).filter(({ ok }) => !ok)).toEqual([]);
    // The source has what it had.
    expect(await kept.sql('select count(*)::int as n from orders')).toEqual([{ n: 300 }]);
  });

  it('with damage are found by its verification', async () => {
    await mustSucceed([
      'sh',
      '-c',
      `f=$(find ${join(folder, 'pgbackrest')}/repository/backup -name '*.gz' -size +2k | head -1); printf 'xxxx' | dd of="$f" bs=1 seek=100 conv=notrunc`,
    ]);
    const asset = openExternal({ from: { pgbackrest: 'shop', config }, as: 'postgres', user: 'shop' }, folder);
    const results = await asset.check('source', []);
    expect(results.find(({ name }) => name === 'pgbackrest verify')?.ok).toBe(false);
  });

  it('of a stanza that is not there are an error that says so', async () => {
    const asset = openExternal({ from: { pgbackrest: 'none', config }, as: 'postgres' }, folder);
    await expect(asset.outside()).rejects.toMatchObject({ code: 'asset.unreadable', message: /no stanza none/ });
  });
});
