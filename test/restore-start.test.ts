import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endGroup } from '../src/core/index.ts';
import { installedMajors, runSql, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { endOf, Place } from './support/lifeboat.ts';

const major = (await installedMajors())[0];
const reason = major === undefined ? '(skipped: no PostgreSQL server)' : '';

describe.skipIf(major === undefined)(`restore --start of a server whose url has a password ${reason}`, () => {
  let cluster: TestCluster;
  let place: Place;
  const pids: number[] = [];

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number, initdb: ['--wal-segsize=1'] });
    place = Place.in(cluster.folder);
    process.env['LB_TEST_START_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_START_URL'] = cluster.url;
    await writeFile(place.path('lifeboat.yaml'), plan);
    await place.run('store', 'init');
    await place.run('backup', 'orders');
  });
  afterAll(async () => {
    for (const pid of pids) await endGroup(pid, 10_000, 'SIGINT');
    await cluster?.destroy();
  });

  it('says where it runs and that the password is the one of the plan, which is shown nowhere', async () => {
    const done = await place.run('restore', 'orders', '--to', place.path('back'), '--start');
    expect(done, done.stderr).toMatchObject({ exitCode: 0, json: { needsPassword: true, address: null } });
    pids.push(Number(done.json['pid']));
    const url = new URL(String(done.json['url']));
    expect(url.password).toBe('');
    await expect(runSql(url.href, 'select 1')).rejects.toThrow(/password/);
    url.password = new URL(cluster.url).password;
    expect(await runSql(url.href, 'select 1 as n')).toEqual([{ n: 1 }]);

    const { stdout } = await endOf(place.start(['restore', 'orders', '--to', place.path('again'), '--start']));
    pids.push(Number(/kill -INT (\d+)/.exec(stdout)?.[1]));
    expect(stdout).toMatch(
      /^running {3}postgresql:.*, with the password that the plan’s url has \(PGPASSWORD, ~\/\.pgpass\)/m,
    );
    expect(stdout).not.toContain(decodeURIComponent(url.password));
  });
});

const plan = `lifeboat: 1
plan: started
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_START_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_START_URL }, domain: here } }
`;
