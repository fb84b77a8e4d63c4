import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedMajors, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { seed } from '../src/testing/seed.ts';
import { Place } from './support/lifeboat.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];
const reason = major === undefined ? ' (skipped: no PostgreSQL server)' : '';
const kills = 5;

const plan = `lifeboat: 1
plan: fork-killed
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_FORK_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets:
  orders: { type: postgres, url: { env: LB_TEST_FORK_URL }, domain: here }
`;

describe.skipIf(major === undefined)(`wal fork, killed${reason}`, () => {
  let cluster: TestCluster;
  let place: Place;
  let words: string[];
  let wholeMs = 0;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number, initdb: ['--wal-segsize=1'] });
    place = Place.in(cluster.folder);
    process.env['LB_TEST_FORK_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_FORK_URL'] = cluster.url;
    await writeFile(place.path('lifeboat.yaml'), plan);
    for (const line of [
      ['store', 'init'],
      ['backup', 'orders'],
    ]) {
      const { exitCode, stderr } = await place.run(...line);
      if (exitCode !== 0) throw new Error(stderr);
    }
    const [system] = await cluster.sql('select system_identifier::text as id from pg_control_system()');
    words = ['wal', 'fork', 'orders', '--to', cluster.dataFolder, '--yes', '--server', String(system?.['id'])];
    await cluster.sql('create table marks (n int)');
    await cluster.server.stop();
    const startedMs = performance.now();
    if (!(await runKilled(undefined))) throw new Error('a fork that nobody kills comes to its end');
    wholeMs = performance.now() - startedMs;
    await cluster.restart();
  }, 300_000);
  afterAll(async () => {
    await cluster?.destroy();
    delete process.env['LB_TEST_FORK_URL'];
  });

  /** Whether it came to its end before. */
  const runKilled = async (ms: number | undefined): Promise<boolean> => {
    const child = place.start(words);
    child.stdout?.resume();
    child.stderr?.resume();
    const timer = ms === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), ms);
    const [exitCode] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return exitCode === 0;
  };
  const timeline = async (): Promise<number> =>
    Number((await cluster.sql('select timeline_id as id from pg_control_checkpoint()'))[0]?.['id']);

  for (let index = 0; index < kills; index += 1) {
    const part = (index + ((seed * 9301 + index * 49_297) % 233_280) / 233_280) / kills;
    it(`at ${Math.round(part * 100)} % of its time: the same again completes it (seed ${seed})`, async () => {
      const before = await timeline();
      await cluster.sql(`insert into marks values (${index})`);
      await cluster.server.stop();
      await runKilled(part * wholeMs);
      const again = await place.run(...words);
      expect(again, again.stdout).toMatchObject({ exitCode: 0 });
      await cluster.restart();
      expect(await timeline()).toBeGreaterThan(before);
      expect(await cluster.sql('select count(*)::int as n from marks')).toEqual([{ n: index + 1 }]);
    });
  }
});
