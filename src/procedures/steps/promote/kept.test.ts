import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, recover, resume, type OpenWorkspace } from '../../../app/index.ts';
import { silentProgress } from '../../../core/index.ts';
import { standby, type StandbyLine } from '../../../operations/index.ts';
import { makeStore } from '../../../operations/testing/workspace.ts';
import {
  installedMajors,
  runSql,
  startStream,
  startTestCluster,
  take,
  type TestCluster,
  type TestStream,
} from '../../../testing/postgres/index.ts';

const installed = await installedMajors();
const major = installed.includes(15) ? 15 : installed[0];
const skipped = major === undefined ? ' (skipped: no PostgreSQL server)' : '';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: safe } }
assets:
  orders: { type: postgres, url: { env: LB_TEST_KEPT_URL }, domain: here, standbys: { beside: { folder: ./standby } } }
environments: { here: {} }
scenarios:
  hasty: { steps: [{ id: turn, promote: orders }] }
  failover: { steps: [{ id: fence, fence: { asset: orders, how: read-only } }, { id: turn, promote: orders }] }
`;

describe.skipIf(major === undefined)(`promote, of a standby that a store feeds${skipped}`, () => {
  let cluster: TestCluster;
  let workspace: OpenWorkspace;
  let stream: TestStream;
  let target: string;
  let kept: Promise<unknown>;
  const lines: StandbyLine[] = [];
  const ending = new AbortController();
  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number, initdb: ['--wal-segsize=1'] });
    Object.assign(process.env, { LB_TEST_PASS: 'a passphrase for tests', LB_TEST_KEPT_URL: cluster.url });
    await writeFile(join(cluster.folder, 'lifeboat.yaml'), plan);
    await makeStore(join(cluster.folder, 'near'));
    target = join(cluster.folder, 'standby');
    workspace = await openWorkspace({
      planFile: join(cluster.folder, 'lifeboat.yaml'),
      stateFolder: join(cluster.folder, 'state'),
      progress: silentProgress,
    });
    await cluster.sql('create table marks (n int)');
    const repository = await workspace.repository('near');
    stream = await startStream(workspace.asset('orders'), repository);
    await take(workspace.asset('orders'), repository);
    const say = (line: StandbyLine): void => void lines.push(line);
    kept = standby(workspace, { asset: 'orders', target, say, signal: ending.signal });
    kept.catch(() => {}); // whoever awaits it hears it
  });
  afterAll(async () => {
    ending.abort();
    await kept?.catch(() => {}); // a test that failed says more
    await stream?.stop().catch(() => {}); // its server is gone, perhaps
    await workspace?.asset('orders').standby?.stop(target);
    await workspace?.close();
    await cluster?.destroy();
  });

  it('takes over behind a proved fence with all that is in the store, once', async () => {
    await expect.poll(() => lines.at(-1)?.state, { timeout: 30_000 }).toBe('following');
    const hasty = await recover(workspace, { scenario: 'hasty' });
    expect(hasty.steps[0]).toMatchObject({ state: 'failed', code: 'promote.refused' });
    expect(hasty.steps[0]?.summary).toContain('takes writes');

    await cluster.sql('insert into marks select generate_series(1, 1000)');
    const [row] = await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn');
    await stream.until(String(row?.['lsn']));
    const done = await recover(workspace, { scenario: 'failover' });
    const turn = done.steps[1];
    expect(turn).toMatchObject({ state: 'done', outputs: { timeline: 2, folder: target } });
    const url = new URL(cluster.url);
    url.port = new URL(String(turn?.outputs['shownUrl'])).port;
    expect(await runSql(url.href, 'select count(*)::int as count from marks')).toEqual([{ count: 1_000 }]);
    // The fence came over in the catalog, and was lifted there alone.
    await runSql(url.href, 'insert into marks values (0)');
    await expect(cluster.sql('insert into marks values (0)')).rejects.toThrow('read-only');
    expect(workspace.journal.records({ kinds: ['standby.fenced'] }).at(-1)?.data).toMatchObject({ proved: true });
    await kept;

    // Whoever promotes again is refused, and a run that died right after its effect finds it done.
    expect((await recover(workspace, { scenario: 'hasty' })).steps[0]?.summary).toContain('takes writes already');
    expect(await resumedAfter(done.run)).toMatchObject({ state: 'done', outputs: { timeline: 2 } });
  });

  /** The run again, as if its runner had been killed between the promotion and the record of it. */
  async function resumedAfter(run: string) {
    const records = workspace.journal.records({ run });
    const again = `${run}x`;
    const last = records.findIndex(({ kind, data }) => kind === 'step.finished' && data['step'] === 'turn');
    for (const { kind, data } of records.slice(0, last)) workspace.journal.append(kind, data, { run: again });
    return (await resume(workspace, { run: again })).steps[1];
  }
});
