import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentProgress, systemClock } from '../core/index.ts';
import { backup, type RestoreReport } from '../operations/index.ts';
import {
  initStore,
  makeCluster,
  openWorkspace,
  recover,
  runnerTools,
  type OpenWorkspace,
  type RunningServer,
} from './index.ts';

const plan = `
lifeboat: 1
plan: recovered
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { orders: { type: postgres, url: { env: LB_TEST_ORDERS }, domain: here } }
environments: { here: {} }
scenarios: { lost: { steps: [{ id: back, restore: orders, into: new }] } }
`;

let folder: string;
let server: RunningServer;
let workspace: OpenWorkspace;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-recover-'));
  await chmod(folder, 0o711);
  const cluster = await makeCluster({ dataFolder: join(folder, 'data'), password: 'a password for tests' });
  server = await cluster.start();
  Object.assign(process.env, { LB_TEST_PASS: 'a passphrase for tests', LB_TEST_ORDERS: cluster.url });
  await writeFile(join(folder, 'lifeboat.yaml'), plan);
  workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, '.lifeboat'),
    progress: silentProgress,
  });
  await initStore(workspace.plan, 'near', systemClock);
});

afterEach(async () => {
  await server.stop();
  await workspace.close();
  await rm(folder, { recursive: true, force: true });
});

it('recovers a PostgreSQL below a state folder that Lifeboat made itself, as root too', async () => {
  await backup(workspace, 'orders');
  const tools = runnerTools(workspace);
  const reports: RestoreReport[] = [];
  const run = await recover(workspace, {
    scenario: 'lost',
    tools: {
      ...tools,
      restore: async (request) => {
        const report = await tools.restore(request);
        reports.push(report);
        return report;
      },
    },
  });
  await reports[0]?.copy?.stop();
  expect(run.steps.map(({ state, summary }) => [state, summary])).toMatchObject([
    ['done', expect.stringContaining('green')],
  ]);
  expect(run.verdict).toBe('done');
  expect(await readdir(join(folder, '.lifeboat', 'recovered', run.run, 'orders'))).toContain('PG_VERSION');
});
