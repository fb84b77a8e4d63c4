import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProcess, silentProgress, systemClock } from '../../core/index.ts';
import { checkKinds } from '../../checks/index.ts';
import type { Asset } from '../asset.ts';
import { assetSuite } from '../asset.suite.ts';
import type { Entry } from '../entry.ts';
import { captureAll } from '../testing/memory-point.ts';
import { filesKind, type FilesSettings } from './index.ts';

const opened = (path: string, settings: Partial<FilesSettings> = {}): Asset =>
  filesKind.open('uploads', { path, ...settings }, { baseFolder: '/', clock: systemClock, checkKinds });

assetSuite('files', async (folder) => {
  await mkdir(join(folder, 'a/b'), { recursive: true });
  await writeFile(join(folder, 'a/b/one'), 'one');
  await writeFile(join(folder, 'empty'), '');
  await symlink('a/b/one', join(folder, 'link'));
  return {
    asset: opened(folder),
    missing: opened(join(folder, 'nowhere')),
    missingCodes: ['asset.unreadable'],
    change: () => writeFile(join(folder, 'new'), 'new'),
  };
});

describe('files', () => {
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

  it('come in a stable order, a folder before what it holds, the root first', async () => {
    for (const name of ['b', 'a', 'c/z', 'c/y']) {
      await mkdir(join(root, name, '..'), { recursive: true });
      await writeFile(join(root, name), name);
    }
    expect(await pathsOf(opened(root))).toEqual(['', 'a', 'b', 'c', 'c/y', 'c/z']);
  });

  it('carry mode, owner, time to the nanosecond, and links as they stand', async () => {
    await writeFile(join(root, 'f'), 'x');
    await chmod(join(root, 'f'), 0o640);
    await utimes(join(root, 'f'), 1_700_000_000.123, 1_700_000_000.123);
    await symlink('../outside', join(root, 'link'));
    const { mtimeNs, uid } = await lstat(join(root, 'f'), { bigint: true });
    const [, file, link] = await entriesOf(opened(root));
    expect(file).toMatchObject({ mode: 0o640, modifiedNs: mtimeNs, uid: Number(uid), type: 'file' });
    expect(link).toMatchObject({ type: 'symlink', target: '../outside' });
    expect(link).not.toHaveProperty('content');
  });

  it('are restored with their modes and links', async () => {
    await mkdir(join(root, 'd'), { mode: 0o750 });
    await writeFile(join(root, 'd/f'), 'text', { mode: 0o600 });
    await symlink('d/f', join(root, 'link'));
    const { point } = await captureAll(opened(root), scratch);
    const staging = join(base, 'staging');
    await opened(root).apply(point, staging, { progress: silentProgress });
    expect(await readFile(join(staging, 'link'), 'utf8')).toBe('text');
    expect(await readlink(join(staging, 'link'))).toBe('d/f');
    expect((await lstat(join(staging, 'd'))).mode & 0o777).toBe(0o750);
  });

  it('may be pipes; sockets are left out, and the point says so', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    try {
      const { facts } = await captureAll(opened(root), scratch);
      expect(facts.warnings).toEqual(['socket is a socket and was left out: its program makes it anew']);
      expect((await entriesOf(opened(root))).find(({ path }) => path === 'pipe')).toMatchObject({ type: 'fifo' });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('may have names that are not UTF-8, told apart from every name that is', async () => {
    await writeFile(Buffer.from(`${root}/caf\xe9`, 'latin1'), '');
    await writeFile(join(root, 'café'), '');
    expect(await pathsOf(opened(root))).toEqual(['', 'café', 'caf\udce9']);
  });

  it('may be a link to a folder', async () => {
    await writeFile(join(root, 'f'), '');
    await symlink(root, join(base, 'link'));
    expect(await pathsOf(opened(join(base, 'link')))).toEqual(['', 'f']);
  });

  it('must be a folder', async () => {
    await writeFile(join(root, 'f'), '');
    await expect(opened(join(root, 'f')).identify()).rejects.toMatchObject({ code: 'asset.unreadable' });
    await expect(pathsOf(opened(join(root, 'f')))).rejects.toMatchObject({ code: 'asset.unreadable' });
  });

  it('that went away while the tree was read are named in the point', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(root, name), name);
    const capture = opened(root).capture({ readSoFar: async () => {}, scratch, progress: silentProgress });
    await capture.next();
    await capture.next();
    await rm(join(root, 'b'));
    expect((await capture.next()).value).toMatchObject({ path: 'c' });
    expect((await capture.next()).value).toMatchObject({ warnings: ['b was removed before it could be read'] });
  });

  describe('whose root goes away midway are an error, never a smaller tree:', () => {
    beforeEach(async () => {
      await mkdir(join(root, 'd'));
      for (const name of ['d/a', 'd/b', 'e']) await writeFile(join(root, name), name);
    });

    const wayOf = {
      removed: () => rm(root, { recursive: true }),
      'moved away': () => rename(root, join(base, 'moved')),
      'replaced by an empty folder, as an unmounted disk is': async () => {
        await rename(root, join(base, 'moved'));
        await mkdir(root);
      },
    };

    for (const [way, lose] of Object.entries(wayOf)) {
      for (const steps of [1, 2, 3, 5]) {
        it(`${way} after ${steps} entries`, async () => {
          const capture = opened(root).capture({ readSoFar: async () => {}, scratch, progress: silentProgress });
          for (let step = 0; step < steps; step += 1) await capture.next();
          await lose();
          const rest = (async () => {
            while (!(await capture.next()).done);
          })();
          await expect(rest).rejects.toMatchObject({ code: 'asset.vanished' });
        });
      }
    }
  });

  it('that this user may not read are an error that names them', async () => {
    await mkdir(join(root, 'closed'));
    await writeFile(join(root, 'closed/f'), '');
    await chmod(join(root, 'closed'), 0o000);
    await chmod(base, 0o755);
    const said = await asNobody(root);
    await chmod(join(root, 'closed'), 0o700);
    expect(said).toMatchObject({ code: 'asset.unreadable', where: join(root, 'closed') });
  });

  it('are red when one of them cannot be opened', async () => {
    await writeFile(join(root, 'f'), 'x');
    await chmod(join(root, 'f'), 0o000);
    await chmod(base, 0o755);
    expect(await asNobody(root, 'check')).toMatchObject([{ ok: false, observed: expect.stringContaining('EACCES') }]);
  });

  it('answer declared checks relative to the copy', async () => {
    await writeFile(join(root, 'f'), 'x');
    const spec = { kind: 'file', settings: 'f' };
    const checks = await opened('/nowhere').check({ url: root }, [spec, { kind: 'file', settings: 'g' }]);
    expect(checks.map(({ ok }) => ok)).toEqual([true, true, false]);
  });

  it('tell their number and the time of the newest', async () => {
    await writeFile(join(root, 'old'), '');
    await writeFile(join(root, 'new'), '');
    await utimes(join(root, 'old'), 1000, 1000);
    await utimes(join(root, 'new'), 2000, 2000);
    expect(await opened(root).newest('source')).toMatchObject({ atMs: 2_000_000, count: 2 });
  });

  it('may be restored into a place that is not there or empty, and nowhere else', async () => {
    await mkdir(join(base, 'empty'));
    expect(await opened(root).obstacles(join(base, 'none'))).toEqual([]);
    expect(await opened(root).obstacles(join(base, 'empty'))).toEqual([]);
    expect(await opened(root).obstacles(base)).toEqual([base]);
    await symlink('nowhere', join(base, 'dangling'));
    expect(await opened(root).obstacles(join(base, 'dangling'))).toEqual([join(base, 'dangling')]);
    expect(await readdir(join(base, 'empty'))).toEqual([]);
  });
});

/** Root reads everything, so the walk runs as somebody who may not. */
async function asNobody(root: string, what: 'capture' | 'check' = 'capture'): Promise<unknown> {
  const script = `
    import { filesKind } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    import { systemClock, silentProgress } from ${JSON.stringify(join(import.meta.dirname, '../../core/index.ts'))};
    const asset = filesKind.open('a', { path: ${JSON.stringify(root)} }, { baseFolder: '/', clock: systemClock, checkKinds: [] });
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    const work = async () => {
      if (${JSON.stringify(what)} === 'check') return asset.check('source', []);
      for await (const _ of asset.capture({ readSoFar: async () => {}, scratch: '/tmp', progress: silentProgress }));
    };
    work().then((said) => console.log(JSON.stringify(said)), (error) => console.log(JSON.stringify(error)));
  `;
  const { stdout, stderr } = await runProcess([process.execPath, '--input-type=module', '-e', script]);
  return JSON.parse(stdout.trim() === '' ? JSON.stringify({ stderr }) : stdout);
}
