import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  symlink,
  utimes,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../assets/index.ts';
import { systemCalls, systemCallsPackage, type SystemCalls } from '../../core/index.ts';
import type { Repository } from '../repository.ts';
import { backup, file, folder, makeRepository } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { backupTree, portrait, restoreTree, treeAsset } from '../testing/trees.ts';
import { skippedFor } from '../../testing/skipped.ts';

const calls = systemCalls() as SystemCalls;
const isRoot = process.geteuid?.() === 0;
/** Bytes of a path below a folder, one for each character. */
const raw = (path: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name, 'latin1')]);

const missing = systemCalls() === undefined ? systemCallsPackage : undefined;

describe.skipIf(missing !== undefined)(`a tree of files${skippedFor(missing)}`, () => {
  let base: string;
  let source: string;
  let repository: Repository;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-tree-'));
    source = join(base, 'source');
    await mkdir(source);
    repository = await makeRepository(new MemoryStore());
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  const roundTrip = async (): Promise<string[]> => {
    const point = await backupTree(repository, treeAsset(source));
    const { warnings } = await restoreTree(repository, point, join(base, 'target'));
    expect(portrait(join(base, 'target'))).toEqual(portrait(source));
    expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
    return [...point.facts.warnings, ...warnings];
  };

  test('comes back with names that are not UTF-8, of 255 bytes, and as deep as paths go', async () => {
    await writeFile(raw(source, 'caf\xe9'), 'latin1');
    await writeFile(raw(source, 'café'), 'utf8');
    await mkdir(raw(source, '\xff\xfe'));
    await writeFile(raw(source, '\xff\xfe/inside'), 'inside');
    await symlink(Buffer.from('caf\xe9', 'latin1'), raw(source, 'link\x80'));
    await writeFile(join(source, 'n'.repeat(255)), 'long');
    await writeFile(join(source, 'new\nline "quoted" \\'), '');
    await mkdir(join(source, 'empty'));
    await symlink('no/such/../place', join(source, 'dangling'));
    const deep = join(source, ...Array.from({ length: 15 }, () => 'd'.repeat(250)));
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'bottom'), 'bottom');
    expect(await roundTrip()).toEqual([]);
  });

  test('comes back with times to the nanosecond, before 1970 too, modes and owners', async () => {
    for (const [name, ns] of [
      ['now', 1_700_000_000_123_456_789n],
      ['then', -1n],
    ] as const) {
      await writeFile(join(source, name), name);
      calls.setTimes(join(source, name), ns);
    }
    await symlink('now', join(source, 'link'));
    calls.setTimes(join(source, 'link'), 999_999_999n);
    await mkdir(join(source, 'shared'));
    if (isRoot) await chown(join(source, 'now'), 1234, 4321);
    await chmod(join(source, 'now'), 0o4511);
    await chmod(join(source, 'shared'), 0o3777);
    expect(await roundTrip()).toEqual([]);
  });

  test('comes back with its hard links, and one that leads out of it is content', async () => {
    await writeFile(join(source, 'b'), 'twice');
    await mkdir(join(source, 'z'));
    await link(join(source, 'b'), join(source, 'z/again'));
    await link(join(source, 'b'), join(source, 'a'));
    await writeFile(join(base, 'outside'), 'outside');
    await link(join(base, 'outside'), join(source, 'in'));
    await writeFile(join(source, 'large'), randomBytes(300_000));
    await link(join(source, 'large'), join(source, 'large too'));
    expect(await roundTrip()).toEqual([]);
    const point = (await repository.points()).points[0];
    expect(point).toMatchObject({ files: 6, bytes: 5 + 7 + 300_000 });
  });

  test('reads a hard link of its own whose first name went away before it was read', async () => {
    await writeFile(join(source, 'first'), 'x'.repeat(100_000));
    await link(join(source, 'first'), join(source, 'second'));
    const asset = treeAsset(source);
    const writer = await repository.write({
      asset: 'a',
      assetType: 'files',
      clock: (await import('../../core/index.ts')).systemClock,
      host: 'h',
    });
    const entries: Entry[] = [];
    const capture = asset.capture({
      readSoFar: async () => {},
      scratch: '/nowhere',
      progress: { phase() {}, advance() {} } as never,
    });
    let step = await capture.next();
    for (; step.done !== true; step = await capture.next()) entries.push(step.value);
    await rm(join(source, 'first'));
    for (const entry of entries) await writer.add(entry);
    const { vanished } = await writer.settle();
    const point = await writer.commit(step.value, { planHash: '', tool: '' });
    await restoreTree(repository, point, join(base, 'target'));
    expect(vanished).toEqual(['first']);
    expect(await readFile(join(base, 'target/second'), 'utf8')).toBe('x'.repeat(100_000));
  });

  test('comes back with its holes: size and content as they were, no more room taken', async () => {
    const sparse = await open(join(source, 'sparse'), 'w');
    await sparse.write(randomBytes(70_000), 0, 70_000, 50 * 2 ** 20 + 123);
    await sparse.write(Buffer.from('end'), 0, 3, 120 * 2 ** 20);
    await sparse.truncate(200 * 2 ** 20);
    await sparse.close();
    await writeFile(join(source, 'hollow'), '');
    await truncate(join(source, 'hollow'), 5 * 2 ** 20);
    expect(await roundTrip()).toEqual([]);
    const room = async (path: string): Promise<number> => (await lstat(path)).blocks * 512;
    expect(await room(join(base, 'target/sparse'))).toBeLessThanOrEqual((await room(join(source, 'sparse'))) + 8192);
    expect(await room(join(base, 'target/hollow'))).toBe(0);
  });

  test('comes back with extended attributes and access lists', async () => {
    await writeFile(join(source, 'f'), 'x');
    await mkdir(join(source, 'd'));
    calls.setAttribute(join(source, 'f'), Buffer.from('user.note'), Buffer.from([0, 255, 10]));
    calls.setAttribute(join(source, 'f'), Buffer.from('user.\xe9', 'latin1'), Buffer.alloc(0));
    // The kernel's form: version 2, then tag, permissions and number of each rule; user 1234 may read.
    const rule = (tag: number, permissions: number, id = 0xffffffff): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(tag, 0);
      bytes.writeUInt16LE(permissions, 2);
      bytes.writeUInt32LE(id, 4);
      return bytes;
    };
    const list = Buffer.concat([
      Buffer.from([2, 0, 0, 0]),
      rule(1, 6),
      rule(2, 4, 1234),
      rule(4, 4),
      rule(16, 4),
      rule(32, 0),
    ]);
    calls.setAttribute(join(source, 'f'), Buffer.from('system.posix_acl_access'), list);
    calls.setAttribute(join(source, 'd'), Buffer.from('system.posix_acl_default'), list);
    await chmod(join(source, 'f'), 0o440);
    expect(await roundTrip()).toEqual([]);
    const attributes = (portrait(join(base, 'target'))['f'] as { attributes: unknown[] }).attributes;
    expect(attributes).toHaveLength(3);
  });

  test('comes back with pipes, and with devices when root restores', async () => {
    execFileSync('mkfifo', ['-m', '640', join(source, 'pipe')]);
    if (isRoot) execFileSync('mknod', [join(source, 'null'), 'c', '1', '3']);
    expect(await roundTrip()).toEqual([]);
  });

  test('names what could not be given back, and gives back the rest', async () => {
    const entry = file('f', Buffer.from('x'), { attributes: [['nonsense.name', Buffer.from('1')]] });
    const { warnings } = await restoreTree(repository, await backup(repository, [entry]), join(base, 'target'));
    expect(warnings).toEqual([expect.stringMatching(/^f: the attribute nonsense\.name could not be set \(/)]);
    expect(await readFile(join(base, 'target/f'), 'utf8')).toBe('x');
  });

  test('gets the owner of that name, where the number belongs to somebody else here', async ({ skip }) => {
    if (!isRoot) skip('only root gives files away');
    const entry = file('f', Buffer.from('x'), { uid: 4711, gid: 4711, user: 'daemon', group: 'nobody-of-that-name' });
    await restoreTree(repository, await backup(repository, [entry]), join(base, 'target'));
    expect(await lstat(join(base, 'target/f'))).toMatchObject({ uid: calls.userId('daemon'), gid: 4711 });
  });

  test('cannot lead a restore out of its root by a hard link, or by a name that hides something', async () => {
    await writeFile(join(base, 'secret'), 'secret');
    const hard = (path: string, target: string): Entry => ({
      path,
      type: 'hardlink',
      mode: 0o644,
      modifiedNs: 0n,
      target,
    });
    const soft: Entry = { path: 'l', type: 'symlink', mode: 0o777, modifiedNs: 0n, target: join(base, 'secret') };
    const bad: Entry[][] = [
      [hard('a', '../secret')],
      [hard('a', join(base, 'secret'))],
      [soft, hard('z', 'l')],
      [folder('d'), hard('z', 'd')],
      [hard('a', 'b'), file('b', Buffer.from('x'))],
      [soft, hard('l', 'l')],
    ];
    for (const [i, entries] of bad.entries()) {
      const target = join(base, `target${i}`);
      const restored = restoreTree(repository, await backup(repository, entries), target);
      await expect(restored, `case ${i}`).rejects.toMatchObject({ code: 'repository.damaged' });
    }
    await expect(backup(repository, [file('a\udc2f..\udc2fb', Buffer.from('x'))])).rejects.toThrow(
      'relative and plain',
    );
    expect((await lstat(join(base, 'secret'))).nlink).toBe(1);
  });

  test('whose file was replaced by a link is not read through it', async () => {
    await writeFile(join(base, 'secret'), 'secret');
    for (const bytes of [10, 100_000]) {
      await writeFile(join(source, 'f'), Buffer.alloc(bytes, 1));
      const entries: Entry[] = [];
      for await (const entry of treeAsset(source).capture({
        readSoFar: async () => {},
        scratch: '/nowhere',
        progress: { phase() {}, advance() {} } as never,
      }))
        entries.push(entry);
      await rm(join(source, 'f'));
      await symlink(join(base, 'secret'), join(source, 'f'));
      const point = await backup(repository, entries);
      expect(point.facts.warnings).toEqual([expect.stringMatching(/^f was removed before it could be read/)]);
      await rm(join(source, 'f'));
    }
  });

  test('has the time of its folders untouched by what is written into them', async () => {
    await mkdir(join(source, 'd/e'), { recursive: true });
    await writeFile(join(source, 'd/e/f'), randomBytes(70_000));
    await utimes(join(source, 'd/e'), 1000, 1000);
    await utimes(join(source, 'd'), 2000, 2000);
    await utimes(source, 3000, 3000);
    expect(await roundTrip()).toEqual([]);
  });
});
