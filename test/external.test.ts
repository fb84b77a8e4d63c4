import { DatabaseSync } from 'node:sqlite';
import { mkdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Place } from './support/lifeboat.ts';

const plan = `
lifeboat: 1
plan: legacy
timezone: UTC
domains: { north: {}, cellar: {}, office: {} }
keys: { main: { passphrase: { env: LB_EXTERNAL_PASS }, domain: office } }
stores: { cellar: { type: fs, path: ./cellar, domain: cellar } }
policies:
  by_others: { every: daily, verify: { every: daily, youngerThan: 26h } }
assets:
  shop:
    type: external
    from: { folder: ./dumps, match: 'shop-*.db.gz' }
    as: sqlite
    domain: north
    policy: by_others
    checks: [{ sql: select count(*) from t, expect: value >= 1 }]
`;
let place: Place;
const copy = (rows: number): string => place.path('dumps', `shop-${rows}.db.gz`);

beforeAll(async () => {
  place = await Place.make(plan);
  process.env['LB_EXTERNAL_PASS'] = 'a passphrase for tests';
  await mkdir(place.path('dumps'));
  for (const [rows, ageHours] of [
    [1, 25],
    [2, 1],
  ] as const) {
    const path = place.path('made.db');
    const database = new DatabaseSync(path);
    database.exec('create table if not exists t (n int); insert into t values (1)');
    database.close();
    await writeFile(copy(rows), gzipSync(await readFile(path)));
    const at = new Date(new Date().getTime() - ageHours * 3_600_000);
    await utimes(copy(rows), at, at);
  }
});
afterAll(async () => {
  delete process.env['LB_EXTERNAL_PASS'];
  await place.remove();
});

describe('copies that others make', () => {
  test('are points: listed, restored, proven, and not backed up', async () => {
    const listed = await place.run('points', 'shop');
    expect(listed.json['points']).toMatchObject([
      { id: 'shop-1.db.gz', asset: 'shop', provenAt: null },
      { id: 'shop-2.db.gz', asset: 'shop' },
    ]);
    const restored = await place.run('restore', 'shop', '--to', './restored');
    expect(restored.json).toMatchObject({ ok: true, point: 'shop-2.db.gz' });
    const database = new DatabaseSync(place.path('restored'), { readOnly: true });
    expect(database.prepare('select count(*) as n from t').get()).toEqual({ n: 2 });
    database.close();
    const proven = (await place.run('points', 'shop')).json['points'] as { provenAt: string | null }[];
    expect(proven.map(({ provenAt }) => provenAt !== null)).toEqual([false, true]);
    expect((await place.run('backup', 'shop')).json).toMatchObject({ failures: [{ code: 'asset.unsupported' }] });
    expect((await place.run('backup')).json).toMatchObject({ ok: true, points: [] });
  });

  test('are verified by who keeps them and by what the policy asks of their age', async () => {
    const verified = await place.run('verify', 'shop');
    expect(verified.exitCode).toBe(0);
    expect((verified.json['checks'] as { check: string }[]).map(({ check }) => check)).toEqual([
      'kept',
      'kept',
      'kept',
      'kept',
      'exists',
      'count',
      'age',
    ]);
    const before = new Date(new Date().getTime() - 30 * 3_600_000);
    await utimes(copy(2), before, before);
    await utimes(copy(1), before, before);
    const old = await place.run('verify', 'shop');
    expect(old).toMatchObject({ exitCode: 1, json: { error: { code: 'verify.unmet', message: /26 h|1 d 2 h/ } } });
  });

  test('that were cut are refused, and an earlier one is restored instead', async () => {
    const soon = new Date();
    await truncate(copy(2), 60);
    await utimes(copy(2), soon, soon);
    expect((await place.run('verify', 'shop')).exitCode).toBe(1);
    expect((await place.run('restore', 'shop', '--to', './cut')).json).toMatchObject({
      error: { code: 'asset.corrupt' },
    });
    const earlier = await place.run('restore', 'shop', '--to', './earlier', '--point', 'shop-1.db.gz');
    expect(earlier.json).toMatchObject({ ok: true, point: 'shop-1.db.gz' });
  });
});
