import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { storeSuite } from '../store.suite.ts';
import { retrying } from '../wrap/retrying.ts';
import { openFsStore } from './index.ts';
import { temporaryName } from './temporary.ts';

storeSuite('fs', {
  make: async () => {
    const place = await mkdtemp(join(tmpdir(), 'lifeboat-store-'));
    return { place, open: () => openFsStore(place, false), destroy: () => rm(place, { recursive: true }) };
  },
  race: { module: new URL('../testing/fs-race.ts', import.meta.url).href },
});

describe('the filesystem store', () => {
  let base: string;
  let root: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-fs-'));
    root = join(base, 'store');
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  it('is missing, with a hint, until it is made', async () => {
    await expect(openFsStore(root, false)).rejects.toMatchObject({ code: 'store.unreachable', hint: /store init/ });
    await openFsStore(join(root, 'deep/er'), true);
    await openFsStore(join(root, 'deep/er'), false);
  });

  it('gives no name to what was stopped while it was written: its memory is used again', async () => {
    const store = await openFsStore(root, true);
    const told = new AbortController();
    const body = Buffer.alloc(128 * 2 ** 20, 'a');
    const put = retrying(store, { clock: systemClock }).put('packs/p', [body], { signal: told.signal });
    put.catch(() => {}); // looked at below
    const begun = async () => (await readdir(join(root, 'tmp')).catch(() => [])).length;
    await expect.poll(begun, { interval: 1 }).toBe(1);
    told.abort();
    await expect(put).rejects.toMatchObject({ code: 'operation.cancelled' });
    body.fill('b');
    await expect.poll(begun).toBe(0);
    expect(await store.stat('packs/p')).toBeUndefined();
  });

  it('is no file', async () => {
    await writeFile(root, '');
    for (const create of [false, true]) {
      for (const path of [root, join(root, 'below')]) {
        await expect(openFsStore(path, create)).rejects.toMatchObject({ code: 'store.unreachable', message: /a file/ });
      }
    }
  });

  it('writes nothing when it is opened and read', async () => {
    await mkdir(root);
    const store = await openFsStore(root, false);
    await Array.fromAsync(store.list(''));
    expect(await readdir(root)).toEqual([]);
  });

  it('never takes the empty folder below an unmounted disk for an empty store', async () => {
    const store = await openFsStore(root, true);
    await store.put('packs/a', [Buffer.from('x')]);
    await rename(root, `${root}.elsewhere`);
    const gone = { code: 'store.unreachable' };
    for (const empty of [false, true]) {
      if (empty) await mkdir(root);
      await expect(Array.fromAsync(store.list('packs/'))).rejects.toMatchObject(gone);
      await expect(store.get('packs/a')).rejects.toMatchObject(gone);
      await expect(store.stat('packs/a')).rejects.toMatchObject(gone);
      await expect(store.remove('packs/a')).rejects.toMatchObject(gone);
      await expect(store.put('packs/b', [])).rejects.toMatchObject(gone);
    }
    expect(await readdir(root)).toEqual([]);
  });

  it('makes a folder again that somebody removed', async () => {
    const store = await openFsStore(root, true);
    await store.put('packs/a', []);
    await rm(join(root, 'packs'), { recursive: true });
    await expect(store.put('packs/b', [])).rejects.toMatchObject({ code: 'store.io', retry: 'later' });
    await store.put('packs/b', []);
    expect(await store.stat('packs/b')).toBeDefined();
  });

  it('removes the unfinished files of dead processes of this host, and no others', async () => {
    await mkdir(join(root, 'tmp'), { recursive: true });
    const [host, pid, start] = temporaryName().split('~') as [string, string, string];
    const kept = [`${host}~${pid}~${start}~alive`, `other~${pid}~1~x`, `${host}~zero~1~x`, `${host}~0~1~x`, 'odd'];
    const dead = [`${host}~${pid}~1~reused`, `${host}~999999999~${start}~dead`];
    for (const name of [...kept, ...dead]) await writeFile(join(root, 'tmp', name), '');
    const store = await openFsStore(root, false);
    expect(await readdir(join(root, 'tmp'))).toHaveLength(kept.length + dead.length);
    await store.put('a', []);
    expect((await readdir(join(root, 'tmp'))).sort()).toEqual(kept.sort());
    expect(await Array.fromAsync(store.list(''))).toEqual([{ name: 'a', bytes: 0 }]);
  });

  it('does not list what is nobody’s object, and refuses to pass a linked folder over', async () => {
    const store = await openFsStore(root, true);
    await store.put('a', []);
    await mkdir(join(root, 'lost+found'));
    await writeFile(join(root, '.nfs0001'), '');
    expect(await Array.fromAsync(store.list(''))).toEqual([{ name: 'a', bytes: 0 }]);
    await symlink(base, join(root, 'packs'));
    await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject({ code: 'store.denied' });
  });

  it('says when an object would have to be a folder', async () => {
    const store = await openFsStore(root, true);
    await store.put('a/b', []);
    await expect(store.put('a', [])).rejects.toMatchObject({ code: 'store.name' });
    await expect(store.put('a/b/c', [])).rejects.toMatchObject({ code: 'store.name' });
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('throws rather than list around a folder that it may not read', async () => {
    const store = await openFsStore(root, true);
    await store.put('packs/a', []);
    await chmod(base, 0o755);
    await chmod(root, 0o755);
    await chmod(join(root, 'packs'), 0o000);
    await withoutPrivilege(async () => {
      await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject({ code: 'store.denied' });
      await expect(store.stat('packs/a')).rejects.toMatchObject({ code: 'store.denied' });
      await expect(store.get('packs/a')).rejects.toMatchObject({ code: 'store.denied' });
    });
    await chmod(join(root, 'packs'), 0o755);
  });

  it('says that a real disk is full, and keeps what was safe', async () => {
    const outcome = await onTinyDisk(join(base, 'disk'));
    if (outcome === undefined) return; // this machine lets nobody mount a tiny disk
    expect(outcome).toEqual({ code: 'store.full', names: ['safe'], left: 0 });
  });

  it('killed at any instant, it holds every acknowledged object whole and shows no other', async () => {
    const store = await openFsStore(root, true);
    for (const afterMs of [5, 40, 90]) {
      const acknowledged = await killedWriter(root, afterMs);
      const listed = await Array.fromAsync(store.list(''));
      for (const { bytes } of listed) expect(bytes).toBe(100_000);
      expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(acknowledged));
    }
    const next = await openFsStore(root, false);
    await next.put('after', [Buffer.alloc(100_000)]);
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });
});

/** As a user whom permissions bind: root passes them all. */
async function withoutPrivilege(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const driver = new URL('./index.ts', import.meta.url).href;

async function onTinyDisk(disk: string): Promise<unknown> {
  await mkdir(disk);
  const script = `
    const { openFsStore } = await import(${JSON.stringify(driver)});
    const { readdirSync } = await import('node:fs');
    const store = await openFsStore(${JSON.stringify(disk)}, true);
    await store.put('safe', [Buffer.alloc(1000)]);
    const code = await store.put('big', [Buffer.alloc(4 << 20)]).then(() => 'put', (error) => error.code);
    const names = (await Array.fromAsync(store.list(''))).map(({ name }) => name);
    console.log(JSON.stringify({ code, names, left: readdirSync(${JSON.stringify(join(disk, 'tmp'))}).length }));`;
  const mount = `mount -t tmpfs -o size=1m tmpfs "$1" || exit 9; exec "$2" --input-type=module -e "$3"`;
  if (!existsSync('/usr/bin/unshare')) return undefined;
  const child = spawn('unshare', ['-rm', 'sh', '-c', mount, 'sh', disk, process.execPath, script]);
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code === 9 || (code === 1 && said === '')) return undefined;
  return JSON.parse(said);
}

async function killedWriter(root: string, afterMs: number): Promise<string[]> {
  const script = `
    const { openFsStore } = await import(${JSON.stringify(driver)});
    const store = await openFsStore(${JSON.stringify(root)}, false);
    for (let n = 0; n < 100000; n += 1) {
      const name = 'k/' + process.pid + '-' + n;
      await store.put(name, [Buffer.alloc(100000, 1)], { ifAbsent: n % 2 === 0 });
      process.stdout.write(name + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await once(child, 'close');
  return said.split('\n').slice(0, -1);
}
