import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort, silentProgress, systemClock } from '../core/index.ts';
import { stream } from '../operations/index.ts';
import { openWorkspace } from './index.ts';
import { streamAtWork } from './log-reach.ts';

it('a stream is at work from its beginning on, before it has said anything and while it waits for its server, until it ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-at-work-'));
  process.env['LB_TEST_AT_WORK_PASS'] = 'correct horse battery staple';
  process.env['LB_TEST_AT_WORK_URL'] = `postgresql://nobody@127.0.0.1:${await freePort()}/postgres`;
  await writeFile(
    join(folder, 'lifeboat.yaml'),
    `lifeboat: 1
plan: at-work
domains: { here: {} }
keys: { main: { passphrase: { env: LB_TEST_AT_WORK_PASS }, domain: here } }
stores: { near: { type: fs, path: ./near, domain: here } }
policies: { streamed: { to: [near], stream: { to: [near] } } }
assets: { orders: { type: postgres, url: { env: LB_TEST_AT_WORK_URL }, domain: here, policy: streamed } }
`,
  );
  const workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, 'state'),
    progress: silentProgress,
  });
  const stop = new AbortController();
  try {
    expect(await streamAtWork(workspace, 'orders')).toBe(undefined);
    const ended = stream(workspace, { assets: [], say: () => {}, signal: stop.signal });
    expect(await streamAtWork(workspace, 'orders')).toEqual({});
    while ((await streamAtWork(workspace, 'orders'))?.waitsFor === undefined) await systemClock.sleep(50);
    expect(await streamAtWork(workspace, 'orders')).toEqual({ waitsFor: expect.stringMatching(/127\.0\.0\.1/) });
    stop.abort();
    await ended;
    expect(await streamAtWork(workspace, 'orders')).toBe(undefined);
  } finally {
    stop.abort();
    await workspace.close();
    await rm(folder, { recursive: true });
  }
});
