import { openWorkspace } from '../../src/app/index.ts';
import { silentProgress } from '../../src/core/index.ts';
import { startStream, type TestCluster } from '../../src/testing/postgres/index.ts';
import type { Place } from './lifeboat.ts';

/** Gives the store `near` of the place a point of `orders` and its log up to now, by a stream that has ended. Its environment has what the plan asks for. */
export async function streamOnce(place: Place, cluster: Pick<TestCluster, 'sql'>): Promise<void> {
  await place.run('store', 'init');
  const workspace = await openWorkspace({
    planFile: place.path('lifeboat.yaml'),
    stateFolder: place.path('another-state'),
    progress: silentProgress,
  });
  const stream = await startStream(workspace.asset('orders'), await workspace.repository('near'));
  await place.run('backup', 'orders');
  const [flushed] = await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn');
  await stream.until(String(flushed?.['lsn']));
  await stream.stop();
  await workspace.close();
}
