import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkspace, type OpenWorkspace } from '../app/index.ts';
import { newestLife, type LogEnding } from '../assets/index.ts';
import { LifeboatError, silentProgress } from '../core/index.ts';
import { changed, makeStore } from './testing/workspace.ts';
import { endingsKnown, goBack, stay } from './ended-lives.ts';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: here }
  far: { type: fs, path: ./far, domain: there }
assets: { orders: { type: postgres, url: { env: LB_TEST_URL }, domain: here, policy: p } }
policies: { p: { to: [near, far], stream: { to: [near, far] }, keep: { daily: 90d } } }
`;
const source = '7000000000000000001';
const about = { asset: 'orders', source };
const ending = (timeline: number, position: bigint): LogEnding => ({ timeline, position });

/** Timelines 2 and 3 both came of 1, each after people had taken it back. */
describe('going back from a life', () => {
  let folder: string;
  let workspace: OpenWorkspace;
  let isKept = false;

  beforeEach(async () => {
    isKept = false;
    process.env['LB_TEST_PASS'] = 'a passphrase for tests';
    process.env['LB_TEST_URL'] = 'postgres://nobody@127.0.0.1:1/none';
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-ended-'));
    await writeFile(join(folder, 'lifeboat.yaml'), plan);
    for (const store of ['near', 'far']) await makeStore(join(folder, store));
    workspace = await openWorkspace({
      planFile: join(folder, 'lifeboat.yaml'),
      stateFolder: join(folder, 'state'),
      progress: silentProgress,
      wrapStore: (store) =>
        changed(store, {
          remove: async (name) => {
            if (isKept && name.endsWith('.ended')) throw new LifeboatError('store.denied', 'a lock keeps it');
            await store.remove(name);
          },
        }),
    });
    for (const store of ['near', 'far']) {
      await append(store, 1, 0, 40);
      for (const timeline of [2, 3]) await live(store, timeline);
    }
  });
  afterEach(async () => {
    await workspace.close();
    await rm(folder, { recursive: true, force: true });
  });

  const logIn = async (store: string) => (await workspace.repository(store)).log('orders', source);
  const append = async (store: string, timeline: number, start: number, end: number): Promise<void> =>
    (await logIn(store)).append({ timeline, start: BigInt(start), end: BigInt(end) }, Buffer.alloc(end - start, 1), {});
  const live = async (store: string, timeline: number): Promise<void> => {
    await (await logIn(store)).appendHistory(timeline, `1\t0/14\tbefore the mistake\n`);
    await append(store, timeline, 20, 30);
  };
  const goingOn = async (store: string): Promise<number> => {
    const log = await logIn(store);
    return newestLife(log, await log.list());
  };
  const known = (): LogEnding[] => endingsKnown(workspace.journal, 'orders', source);

  it('that nothing came of leaves the lives that had ended before as they were', async () => {
    await goBack(workspace, { ...about, left: ending(2, 30n), back: 1 });
    const wentBack = await goBack(workspace, { ...about, left: ending(3, 30n), back: 1 });
    expect(await goingOn('near')).toBe(1);
    await stay(workspace, about, wentBack);
    expect(known()).toEqual([ending(2, 30n)]);
    expect(await goingOn('near')).toBe(3);
    await goBack(workspace, { ...about, left: ending(3, 30n), back: 1 });
    for (const store of ['near', 'far']) expect(await goingOn(store)).toBe(1);
  });

  it('to one that had ended has ended that one still where nothing came of it', async () => {
    await goBack(workspace, { ...about, left: ending(3, 30n), back: 1 });
    const wentBack = await goBack(workspace, { ...about, left: ending(1, 40n), back: 3 });
    expect(await goingOn('near')).toBe(3);
    await stay(workspace, about, wentBack);
    expect(known()).toEqual([ending(3, 30n)]);
    const log = await logIn('far');
    expect((await log.list()).endings).toEqual([ending(3, 30n)]);
  });

  it('is written down also where no store that answers has log of it, and one that may have it is away', async () => {
    await rename(join(folder, 'far'), join(folder, 'away'));
    await workspace.close();
    await rm(join(folder, 'near'), { recursive: true });
    await makeStore(join(folder, 'near'));
    workspace = await openWorkspace({
      planFile: join(folder, 'lifeboat.yaml'),
      stateFolder: join(folder, 'state'),
      progress: silentProgress,
    });
    const { missing } = await goBack(workspace, { ...about, left: ending(3, 30n), back: 1 });
    expect(missing).toMatchObject([{ store: 'far' }]);
    expect(known()).toEqual([ending(3, 30n)]);
    // What may be on the way to the one that comes back is not said to have ended.
    await goBack(workspace, { ...about, left: ending(1, 40n), back: 3 });
    expect(known()).toEqual([]);
  });

  it('once more, when half of it is gone from its folder, does not let it end earlier', async () => {
    await goBack(workspace, { ...about, left: ending(3, 30n), back: 1 });
    await goBack(workspace, { ...about, left: ending(3, 24n), back: 1 });
    expect(known()).toEqual([ending(3, 30n)]);
  });

  it('names a store that keeps what says that the one that comes back has ended', async () => {
    await goBack(workspace, { ...about, left: ending(3, 30n), back: 1 });
    isKept = true;
    const { missing } = await goBack(workspace, { ...about, left: ending(1, 40n), back: 3 });
    expect(missing).toMatchObject([
      { store: 'near', reason: expect.stringContaining('a lock keeps it') },
      { store: 'far' },
    ]);
    await append('near', 3, 30, 31);
    expect(await goingOn('near')).toBe(3);
  });
});
