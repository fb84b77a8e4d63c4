import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace } from '../src/app/index.ts';
import { silentProgress } from '../src/core/index.ts';
import { installedMajors, startStream, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { endOf, Place, type Answer } from './support/lifeboat.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];
const reason = major === undefined ? '(skipped: no PostgreSQL server)' : '';

describe.skipIf(major === undefined)(`what a restore is to stop at ${reason}`, () => {
  let cluster: TestCluster;
  let place: Place;
  let point = '';
  /** Of the rows 1, 2 and 3, each committed by itself. */
  let transactions: string[] = [];
  const dry = (...words: string[]): Promise<Answer> =>
    place.run('restore', 'orders', '--to', './out', ...words, '--dry-run');
  const text = async (...words: string[]): Promise<string> =>
    (await endOf(place.start(['restore', 'orders', '--to', './out', ...words, '--dry-run']))).stdout;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number, initdb: ['--wal-segsize=1'] });
    place = Place.in(cluster.folder);
    process.env['LB_TEST_TARGETS_PASS'] = 'correct horse battery staple';
    process.env['LB_TEST_TARGETS_URL'] = cluster.url;
    await writeFile(place.path('lifeboat.yaml'), plan);
    await cluster.sql('create table marks (n int)');
    await place.run('store', 'init');
    const workspace = await openWorkspace({
      planFile: place.path('lifeboat.yaml'),
      stateFolder: place.path('another-state'),
      progress: silentProgress,
    });
    const stream = await startStream(workspace.asset('orders'), await workspace.repository('near'));
    const taken = await place.run('backup', 'orders');
    point = String((taken.json['points'] as { id: string }[])[0]?.id);
    for (const n of [1, 2, 3]) await cluster.sql(`insert into marks values (${n})`);
    transactions = (await cluster.sql('select xmin::text as id from marks order by n')).map(({ id }) => String(id));
    await cluster.sql(`select pg_create_restore_point('the end')`);
    const [end] = await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn');
    await stream.until(String(end?.['lsn']));
    await stream.stop();
    await workspace.close();
  });
  afterAll(async () => {
    await cluster?.destroy();
  });

  it('a dry run says what happens with the log: along it, and not at all where only the point is named', async () => {
    const along = await text();
    expect(along).toMatch(/^replays {3}the end of the log$/m);
    const alone = await text('--point', point);
    expect(alone).toMatch(
      /^replays {3}nothing: --point without --at ends where the point ends, at 20\d\d-\S+Z; to go on along the log behind it: --at now$/m,
    );
    expect((await dry('--point', point)).json).toMatchObject({
      log: null,
      withoutLog: expect.stringContaining('--point without --at'),
    });
    expect((await dry('--point', point, '--at', 'now')).json).toMatchObject({ log: { timeline: 1 } });
    expect((await dry('--point', point, '--at', 'now')).json).not.toHaveProperty('withoutLog');
  });

  it('a transaction that is not there is refused with those that are, and the nearest', async () => {
    const [first, second, third] = transactions as [string, string, string];
    expect(Number(third)).toBe(Number(first) + 2);
    for (const [asked, nearest] of [
      [String(Number(third) + 10_000), third],
      ['4', first],
    ] as const)
      expect((await dry('--at', `xid:${asked}`)).json).toMatchObject({
        error: {
          hint: expect.stringContaining(`It holds some from ${first} to ${third}; nearest to it: ${nearest}. `),
        },
      });
    expect(await dry('--at', second)).toMatchObject({ exitCode: 0 });
  });

  const wrongInput: [words: string[], code: string][] = [
    [['--at', '2026-11-22T12:00:00'], 'input.flag'],
    [['--at', '2026-99-99T12:00:00Z'], 'input.flag'],
    [['--at', 'lsn:nowhere'], 'input.flag'],
    [['--at', 'xid:two'], 'input.flag'],
    [['--at', '2'], 'input.flag'],
    [['--at', '728', '--before', '729'], 'input.flag'],
    [['--before', 'now'], 'input.flag'],
    [['--timeline', 'newest'], 'input.flag'],
    [['--at', '2001-01-01T00:00:00Z'], 'restore.unreachable_target'],
    [['--at', '0/1'], 'restore.unreachable_target'],
    [['--at', '2200-01-01T00:00:00Z'], 'restore.unknown_target'],
    [['--at', 'FF/0'], 'restore.unknown_target'],
    [['--at', '4000000000'], 'restore.unknown_target'],
    [['--at', 'xid:4000000000'], 'restore.unknown_target'],
    [['--at', 'nothing'], 'input.flag'],
    [['--at', 'name:nothing'], 'restore.unknown_target'],
    [['--before', 'name:nothing'], 'restore.unknown_target'],
    [['--timeline', '7'], 'restore.unknown_target'],
    [['--point', '01kb9c3r8x0000000000000000'], 'point.missing'],
  ];
  it.each(wrongInput)('%j is wrong input, exit code 2', async (words, code) => {
    const answer = await dry(...words);
    expect([answer.exitCode, answer.json['error']]).toMatchObject([2, { code }]);
  });

  it('a log with a hole is no wrong input: exit code 1, for whatever may lie behind the hole', async () => {
    const workspace = await openWorkspace({
      planFile: place.path('lifeboat.yaml'),
      stateFolder: place.path('another-state'),
      progress: silentProgress,
    });
    const asset = workspace.asset('orders');
    const log = (await workspace.repository('near')).log('orders', (await asset.log?.source()) as string);
    const { pieces } = await log.list();
    expect(pieces.length).toBeGreaterThan(2);
    await log.remove([pieces.at(-2) as (typeof pieces)[number]]);
    await workspace.close();
    for (const words of [
      [],
      ['--at', '2200-01-01T00:00:00Z'],
      ['--at', 'FF/0'],
      ['--at', '4000000000'],
      ['--at', 'name:nothing'],
    ]) {
      const answer = await dry(...words);
      expect([answer.exitCode, answer.json['error']], words.join(' ')).toMatchObject([1, { code: 'log.gap' }]);
    }
    expect(await dry('--timeline', '7')).toMatchObject({ exitCode: 2 });
  });
});

const plan = `lifeboat: 1
plan: targets
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_TARGETS_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_TARGETS_URL }, domain: here } }
`;
