import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe } from 'vitest';
import { checkKinds } from '../../../checks/index.ts';
import { systemClock } from '../../../core/index.ts';
import { startTestCluster } from '../../../testing/postgres/cluster.ts';
import type { Asset } from '../../asset.ts';
import { assetSuite } from '../../asset.suite.ts';
import { postgresKind } from '../index.ts';
import { dumpableMajor } from './testing/dumpable.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const major = await dumpableMajor();
const measure = { newest: 'select max(at) from orders', rows: 'select count(*) from orders' };
const opened = (url: string): Asset =>
  postgresKind.open('orders', { url, method: 'logical', measure }, { baseFolder: '/', clock: systemClock, checkKinds });

const reason = major === undefined ? 'no server and pg_dump of one version' : undefined;

describe.skipIf(major === undefined)(`dumps${skippedFor(reason)}`, () => {
  assetSuite('postgres (logical)', async (folder) => {
    const cluster = await startTestCluster({ major: major as number });
    await cluster.sql(`create table orders (id serial primary key, at timestamptz default clock_timestamp());
      insert into orders default values`);
    const targets = join(folder, 'targets');
    await mkdir(targets);
    // A server started by root runs as another user, who must get here.
    for (const path of [folder, dirname(folder)]) await chmod(path, 0o711);
    return {
      asset: opened(cluster.url),
      missing: opened('postgresql://shop:secret@127.0.0.1:1/postgres'),
      missingCodes: ['asset.unreachable'],
      targets,
      change: async () => void (await cluster.sql('insert into orders default values')),
      dispose: () => cluster.destroy(),
    };
  });
});
