import { chmod } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeStore } from '../src/operations/testing/workspace.ts';
import { installedMajors, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { Place } from './support/lifeboat.ts';
import { Served } from './support/served.ts';
import { valueOf } from './support/served-place.ts';

const plan = `
lifeboat: 1
plan: streamed
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: safe } }
policies: { continuous: { stream: { to: [near] }, every: 1d at 02:00, to: [near] } }
assets:
  orders:
    type: postgres
    url: { env: LB_TEST_SERVE_URL }
    domain: here
    policy: continuous
    checks: [{ sql: select count(*) from orders, expect: value == 200 }]
`;

let cluster: TestCluster;
let place: Place;
beforeAll(async () => {
  cluster = await startTestCluster({ major: Math.max(...(await installedMajors())) });
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  process.env['LB_TEST_SERVE_URL'] = cluster.url;
  place = await Place.make(plan);
  // A server that root starts runs as another user, who passes through.
  await chmod(place.folder, 0o755);
  await makeStore(place.path('near'));
  await cluster.sql('create table orders as select n as id from generate_series(1, 100) n');
});
afterAll(async () => {
  await place.remove();
  await cluster.destroy();
});

const upOf = async (served: Served): Promise<number> =>
  valueOf((await served.get('/metrics')).text, 'lifeboat_stream_up{plan="streamed",asset="orders"}');

describe('serve', () => {
  it('keeps the log of a database: it takes the first point itself, and all that was committed comes back', async () => {
    const served = new Served(place, []);
    try {
      await served.until(({ words }) => words?.includes('a new recovery point was taken') === true);
      await expect.poll(() => upOf(served), { timeout: 60_000, interval: 100 }).toBe(1);
      await cluster.sql('insert into orders select n from generate_series(1, 100) n');
      const lost = 'lifeboat_stream_loss_seconds{plan="streamed",asset="orders",store="near"}';
      const lossOf = async (): Promise<number> => valueOf((await served.get('/metrics')).text, lost);
      await expect.poll(lossOf, { timeout: 60_000, interval: 200 }).toBeLessThan(60);
      expect(await served.end('SIGTERM')).toBe(0);
    } finally {
      await served.end('SIGKILL');
    }
    const restored = await place.run('restore', 'orders', '--to', './back');
    expect(restored.exitCode, restored.stdout).toBe(0);
  }, 240_000);
});
