import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentProgress, systemClock } from '../../core/index.ts';
import { damageFiles, makeStore, packFiles } from '../../operations/testing/workspace.ts';
import type { Outcome, Task, Work } from '../../schedule/index.ts';
import { openWorkspace } from '../open.ts';
import { handsOf } from './hands.ts';
import { Workspaces } from './workspaces.ts';

const plan = `
lifeboat: 1
plan: hands
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: safe }
  far: { type: fs, path: ./far, domain: there }
policies:
  daily:
    every: 1d
    to: [near]
    copy: { to: [far], within: 1h }
    keep: { daily: 2d, atLeast: 1 }
    verify: { every: 1d, youngerThan: 26h, readEverything: 30d }
assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }
environments: { bubble: { ephemeral: true } }
drills:
  quick: { restore: docs, in: bubble, expect: { rto: 1h } }
  strict: { restore: docs, in: bubble, expect: { rto: 1ms } }
`;

let folder = '';
let opened = 0;
let workspaces: Workspaces;
beforeEach(async () => {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-hands-'));
  await writeFile(join(folder, 'lifeboat.yaml'), plan);
  for (const name of ['docs', 'far']) await mkdir(join(folder, name));
  await writeFile(join(folder, 'docs', 'a'), 'first');
  await makeStore(join(folder, 'near'));
  opened = 0;
  workspaces = new Workspaces(async () => {
    opened += 1;
    return openWorkspace({
      planFile: join(folder, 'lifeboat.yaml'),
      stateFolder: join(folder, 'state'),
      progress: silentProgress,
    });
  }, systemClock);
});
afterEach(async () => {
  await workspaces.retire();
  await rm(folder, { recursive: true, force: true });
});

function does(work: Work, signal = new AbortController().signal): Promise<Outcome> {
  const task: Task = { id: work.kind, work, calendars: [], atOnce: false, spread: false, wakes: [] };
  return handsOf(() => workspaces)(task, { signal, progress: silentProgress });
}
const backup = { kind: 'backup', asset: 'docs', stores: ['near'] } as const;
const copy = { kind: 'copy', from: 'near', to: 'far' } as const;
const verify = { kind: 'verify', policy: 'daily', assets: ['docs'] } as const;

describe('the hands of the scheduler', () => {
  it('take points, copy, read back, let go and rehearse by the operations of the command line, with one workspace for one at a time', async () => {
    expect(await does(backup)).toMatchObject({
      state: 'done',
      words: expect.stringMatching(/^\w{26} in near, .* new$/),
    });
    expect(await does(copy)).toMatchObject({ state: 'done', words: expect.stringContaining('1 points') });
    expect(await does(verify)).toMatchObject({ state: 'done', words: expect.stringContaining(' read') });
    expect(await does({ kind: 'prune', store: 'near' })).toMatchObject({
      state: 'done',
      words: expect.stringContaining('0 points went'),
    });
    expect(await does({ kind: 'drill', drill: 'quick' })).toMatchObject({
      state: 'done',
      words: expect.stringContaining('passed; report: '),
    });
    expect(opened).toBe(1);
  });

  it('tell what took place and is bad from what could not take place', async () => {
    await does(backup);
    expect(await does({ kind: 'drill', drill: 'strict' })).toMatchObject({ state: 'red', code: 'drill.failed' });
    await damageFiles(await packFiles(join(folder, 'near')));
    expect(await does(verify)).toMatchObject({ state: 'red', code: 'repository.damaged' });
    await rename(join(folder, 'near'), join(folder, 'away'));
    await workspaces.retire();
    workspaces = new Workspaces(
      () =>
        openWorkspace({
          planFile: join(folder, 'lifeboat.yaml'),
          stateFolder: join(folder, 'state'),
          progress: silentProgress,
        }),
      systemClock,
    );
    expect(await does(backup)).toMatchObject({ state: 'failed', code: 'store.unreachable', soon: true });
  });

  it('stop when they are told to, and what they left undone is not called failed', async () => {
    const stop = new AbortController();
    stop.abort(new Error('the machine is shut down'));
    for (const work of [backup, verify, copy] as const)
      await does(work, stop.signal).then(
        ({ state }) => expect(state).toBe('stopped'),
        (error: unknown) => expect(error).toBeInstanceOf(Error), // the scheduler calls that stopped too
      );
  });
});
