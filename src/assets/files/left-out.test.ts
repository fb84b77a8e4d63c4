import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkKinds } from '../../checks/index.ts';
import { silentProgress, systemClock } from '../../core/index.ts';
import type { Asset } from '../asset.ts';
import type { Entry } from '../entry.ts';
import { captureAll } from '../testing/memory-point.ts';
import { filesKind, type FilesSettings } from './index.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { skippedFor } from '../../testing/skipped.ts';

const opened = (path: string, settings: Partial<FilesSettings> = {}): Asset =>
  filesKind.open('uploads', { path, ...settings }, { baseFolder: '/', clock: systemClock, checkKinds });

describe('files that are left out', () => {
  let base: string;
  let root: string;
  let scratch: string;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-files-'));
    [root, scratch] = [join(base, 'root'), join(base, 'scratch')];
    await mkdir(root);
    await mkdir(scratch);
  });

  afterEach(() => rm(base, { recursive: true, force: true }));

  const entriesOf = async (asset: Asset): Promise<Entry[]> => {
    const entries: Entry[] = [];
    for await (const entry of asset.capture({ readSoFar: async () => {}, scratch, progress: silentProgress }))
      entries.push(entry);
    return entries;
  };
  const pathsOf = async (asset: Asset): Promise<string[]> => (await entriesOf(asset)).map(({ path }) => path);

  it('leave out what a pattern names, with all below it', async () => {
    await mkdir(join(root, 'cache/deep'), { recursive: true });
    await writeFile(join(root, 'cache/deep/x'), '');
    await writeFile(join(root, 'a.tmp'), '');
    await writeFile(join(root, 'keep'), '');
    await mkdir(join(root, 'd'));
    await writeFile(join(root, 'd/b.tmp'), '');
    expect(await pathsOf(opened(root, { exclude: ['**/*.tmp', 'cache'] }))).toEqual(['', 'd', 'keep']);
  });

  it('leave out what is in a folder that is marked as a cache, if the plan says so, and only then', async () => {
    await mkdir(join(root, 'cache/deep'), { recursive: true });
    await mkdir(join(root, 'no cache'));
    await writeFile(join(root, 'cache/deep/x'), '');
    await writeFile(join(root, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# made again');
    await writeFile(join(root, 'no cache/CACHEDIR.TAG'), 'Signature: another');
    const all = ['', 'cache', 'cache/CACHEDIR.TAG', 'cache/deep', 'cache/deep/x', 'no cache', 'no cache/CACHEDIR.TAG'];
    expect(await pathsOf(opened(root))).toEqual(all);
    expect(await pathsOf(opened(root, { excludeCaches: true }))).toEqual(all.filter((path) => !path.includes('deep')));
  });

  describe.skipIf(whyNoMount !== undefined)(`with something mounted in the tree${skippedFor(whyNoMount)}`, () => {
    const mount = (type: string, at: string): void => void execFileSync('mount', ['-t', type, type, join(root, at)]);
    beforeEach(async () => {
      for (const name of ['disk', 'kernel']) await mkdir(join(root, name));
      mount('tmpfs', 'disk');
      mount('proc', 'kernel');
      await writeFile(join(root, 'disk/f'), 'x');
    });
    afterEach(() => void execFileSync('umount', [join(root, 'disk'), join(root, 'kernel')]));

    it('take in the data and say so, until the plan says what is wanted; never what the kernel shows of itself', async () => {
      const kernel = "kernel shows the kernel's own proc, which is no data, and was left out";
      const said = async (oneFileSystem?: boolean): Promise<unknown> => {
        const asset = opened(root, { oneFileSystem });
        return [await pathsOf(asset), (await captureAll(asset, scratch)).facts.warnings];
      };
      const note = expect.stringMatching(/^disk is another file system and was taken in/);
      expect(await said()).toEqual([
        ['', 'disk', 'disk/f', 'kernel'],
        [note, kernel],
      ]);
      expect(await said(false)).toEqual([['', 'disk', 'disk/f', 'kernel'], [kernel]]);
      expect(await said(true)).toEqual([['', 'disk', 'kernel'], [kernel]]);
    });
  });

  it('match leading dots by a star: **/*.tmp names .x.tmp', async () => {
    for (const name of ['.x.tmp', 'x.tmp', '.keep']) await writeFile(join(root, name), '');
    expect(await pathsOf(opened(root, { exclude: ['**/*.tmp'] }))).toEqual(['', '.keep']);
  });

  it('have patterns that the schema refuses when they cannot mean anything', () => {
    expect(filesKind.schema.safeParse({ path: 'x', exclude: ['[z-a]'] }).success).toBe(false);
    expect(filesKind.schema.safeParse({ path: 'x', exclude: ['[a-z]'], reread: 'times' }).success).toBe(true);
  });
});
