import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, type OpenWorkspace } from '../../src/app/index.ts';
import {
  chance,
  Secret,
  silentProgress,
  systemClock,
  toLifeboatError,
  type LifeboatError,
} from '../../src/core/index.ts';
import { backup, restore, verify } from '../../src/operations/index.ts';
import { createRepository } from '../../src/repository/index.ts';
import { openFsStore } from '../../src/stores/fs/index.ts';
import { faulty, retrying, type Fault, type FaultyStore, type Store } from '../../src/stores/index.ts';

/**
 * One failure at every call to the store, of every command, one call at a time. Afterwards what was safe must be safe, what was
 * called a point must restore, and a clean run must work.
 */
const plan = `
lifeboat: 1
plan: faults
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./docs, domain: here } }
`;

const faults: readonly Fault[] = ['error', 'lostReply', 'full', 'io', 'truncated', 'stall'];
/** A store that never answers is given up after this; the sweep waits for it at every call. */
const silenceMs = 100;

let root: string;
let template: string;
let first: string;
const counts = { calls: 0, refused: 0, survived: 0 };

/** Every `stride`-th call, from a random one on; 1 is every call. */
export function faultSweep(stride: number): void {
  beforeAll(async () => {
    process.env['LB_TEST_PASS'] = 'a passphrase for tests';
    root = await mkdtemp(join(tmpdir(), 'lifeboat-faults-'));
    template = join(root, 'template');
    await mkdir(join(template, 'docs', 'deep'), { recursive: true });
    await writeFile(join(template, 'lifeboat.yaml'), plan);
    await writeFile(join(template, 'docs', 'steady.bin'), randomBytes(300_000));
    await writeFile(join(template, 'docs', 'deep', 'small.txt'), 'first');
    // Hundreds of runs derive the key again and again: here it may be cheap.
    const store = await openFsStore(join(template, 'store'), true);
    const passphrase = new Secret('a passphrase for tests');
    await createRepository(store, { passphrase, age: [] }, systemClock, {
      derivation: { memoryKiB: 64, passes: 1, lanes: 1 },
    });
    const workspace = await open(template);
    first = (await backup(workspace, 'docs'))[0]?.point.id as string;
    await workspace.close();
    // What the sweeps back up differs from the first point, so that there is something to store.
    await writeFile(join(template, 'docs', 'deep', 'small.txt'), 'second');
    await writeFile(join(template, 'docs', 'new.bin'), randomBytes(200_000));
  });

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
    expect(counts.calls).toBeGreaterThan(20);
    console.log(
      `faults: ${counts.calls} calls failed, ${counts.refused} commands refused, ${counts.survived} came through; 0 lost, 0 false green`,
    );
  });

  describe.each(faults)('a store with the fault "%s" at any one call', (fault) => {
    it('costs a backup nothing that was safe, and never makes a point that does not restore', async () => {
      await sweep(fault, stride, async (folder, workspace) => {
        const point = (await backup(workspace, 'docs'))[0]?.point.id as string;
        return () => expectRestores(folder, point, 'second');
      });
    });

    // A full disk is met by writing only, and neither a restore nor a verification writes to the store.
    if (fault === 'full') return;
    it('never makes a restore hand over wrong bytes, or anything half-done', async () => {
      await sweep(fault, stride, async (folder, workspace) => {
        const target = join(folder, 'out');
        await restore(workspace, { asset: 'docs', target, point: first, start: false, stay: false }).catch(
          (error: unknown) => {
            expect(existsSync(target)).toBe(false);
            throw error;
          },
        );
        return async () => expect(await readFile(join(target, 'deep', 'small.txt'), 'utf8')).toBe('first');
      });
    });

    it('makes a verification red or an error, and leaves the store as it is', async () => {
      await sweep(fault, stride, async (_, workspace) => {
        await verify(workspace, { assets: [], everything: true });
        return async () => {};
      });
    });
  });
}

type Work = (folder: string, workspace: OpenWorkspace) => Promise<() => Promise<void>>;

async function sweep(fault: Fault, stride: number, work: Work): Promise<void> {
  const from = 1 + Math.floor(Math.random() * stride);
  for (let at = from; ; at += stride) {
    const folder = join(root, `${fault}-${at}`);
    await cp(template, folder, { recursive: true });
    let store: FaultyStore | undefined;
    const outcome = await attempt(folder, work, (under) => {
      store = faulty(under, { fault, at });
      // Only retries bound a call that never answers; with one attempt they change nothing else.
      return fault === 'stall' ? retrying(store, { clock: systemClock, attemptsMax: 1, totalMs: silenceMs }) : store;
    });
    const met = (store?.met() ?? 0) > 0;
    if (outcome.error !== undefined) {
      expect(outcome.error.code, `${fault} at call ${at}: ${outcome.error.message}`).not.toBe('internal');
    } else await outcome.claim?.();
    await expectUnharmed(folder);
    await rm(folder, { recursive: true, force: true });
    if (!met) return;
    counts.calls += 1;
    counts[outcome.error === undefined ? 'survived' : 'refused'] += 1;
  }
}

async function attempt(
  folder: string,
  work: Work,
  wrapStore: (store: Store) => Store,
): Promise<{ error?: LifeboatError; claim?: () => Promise<void> }> {
  const workspace = await open(folder, wrapStore);
  try {
    return { claim: await work(folder, workspace) };
  } catch (error) {
    return { error: toLifeboatError(error) };
  } finally {
    await workspace.close();
  }
}

/** Without the fault: the first point restores, every listed point is sound, and a new backup works and restores. */
async function expectUnharmed(folder: string): Promise<void> {
  const workspace = await open(folder);
  try {
    const repository = await workspace.repository('near');
    const { points, damage } = await repository.points();
    expect(damage).toEqual([]);
    expect(points.map(({ id }) => id)).toContain(first);
    const verified = await repository.verify({ depth: 'points' });
    expect(verified.sound.toSorted()).toEqual(points.map(({ id }) => id).toSorted());
    const next = (await backup(workspace, 'docs'))[0]?.point.id as string;
    await expectRestores(folder, first, 'first', workspace);
    await expectRestores(folder, next, 'second', workspace);
  } finally {
    await workspace.close();
  }
}

async function expectRestores(folder: string, point: string, words: string, opened?: OpenWorkspace): Promise<void> {
  const workspace = opened ?? (await open(folder));
  const target = join(folder, `restored-${chance(8)}`);
  try {
    await restore(workspace, { asset: 'docs', target, point, start: false, stay: false });
    expect(await readFile(join(target, 'deep', 'small.txt'), 'utf8')).toBe(words);
    expect(await readFile(join(target, 'steady.bin'))).toEqual(await readFile(join(folder, 'docs', 'steady.bin')));
  } finally {
    if (opened === undefined) await workspace.close();
  }
}

const open = (folder: string, wrapStore?: (store: Store) => Store): Promise<OpenWorkspace> =>
  openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, 'state'),
    progress: silentProgress,
    ...(wrapStore === undefined ? {} : { wrapStore }),
  });
