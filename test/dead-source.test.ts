import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedMajors, startTestCluster, type TestCluster } from '../src/testing/postgres/index.ts';
import { endOf, Place } from './support/lifeboat.ts';

const installed = await installedMajors();
const major = installed.includes(17) ? 17 : installed[0];

describe.skipIf(major === undefined)(
  `the status of a dead server${major === undefined ? ' (skipped: no PostgreSQL server)' : ''}`,
  () => {
    let cluster: TestCluster;
    let place: Place;

    beforeAll(async () => {
      cluster = await startTestCluster({ major: major as number, initdb: ['--wal-segsize=1'] });
      place = Place.in(cluster.folder);
      process.env['LB_TEST_DEAD_PASS'] = 'correct horse battery staple';
      process.env['LB_TEST_DEAD_URL'] = cluster.url;
      await writeFile(place.path('lifeboat.yaml'), plan);
      await place.run('store', 'init');
      await place.run('backup', 'orders');
    });
    afterAll(async () => {
      await cluster?.destroy();
    });

    it('says that it cannot be asked, why, and when it lived last; of one that lives only what it cannot tell', async () => {
      const living = await place.run('status');
      expect(living.json['assets']).toMatchObject([
        { sourceSilent: null, rpoAtMost: true, rpoHow: expect.stringMatching(/cannot tell when it last changed$/) },
      ]);
      await cluster.server.kill();
      const dead = await place.run('status');
      expect(dead.json['assets']).toMatchObject([
        {
          rpoAtMost: true,
          rpoHow: expect.stringMatching(
            /^the point is of .* ago; the source cannot be asked \(.*ECONNREFUSED.*\), and was alive .* ago: nobody knows what was committed since$/,
          ),
          sourceSilent: { reason: expect.stringContaining('ECONNREFUSED'), aliveAt: expect.stringMatching(/Z$/) },
        },
      ]);
      expect(dead.exitCode).toBe(living.exitCode);
      const { stdout } = await endOf(place.start(['status']));
      expect(stdout).toMatch(/^orders: the source cannot be asked \(/m);
      expect(stdout).not.toMatch(/cannot tell when/);
    });
  },
);

const plan = `lifeboat: 1
plan: dead
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_DEAD_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_DEAD_URL }, domain: here } }
`;
