import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../src/core/index.ts';
import { holdLock } from '../src/journal/index.ts';
import type { Place } from './support/lifeboat.ts';
import { expectError, prepare, smallPlace, smallPlan } from './support/small-place.ts';

let place: Place;

beforeEach(async () => {
  place = await smallPlace();
});

afterEach(() => place.remove());

const prepared = (): Promise<void> => prepare(place);

/** The only object below a folder of the store, or the largest of several. */
async function objectIn(kind: string): Promise<string> {
  const names = await readdir(place.path('store', kind), { recursive: true, withFileTypes: true });
  const files = names.filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name));
  expect(files.length).toBeGreaterThan(0);
  return files[0] as string;
}

describe('a wrong key', () => {
  it('says that the passphrase opens nothing', async () => {
    await prepared();
    process.env['LB_TEST_PASS'] = 'not that passphrase';
    for (const words of [['points'], ['backup'], ['verify'], ['restore', 'docs', '--to', './out']]) {
      expectError(await place.run(...words), 2, 'key.wrong');
    }
    expect(existsSync(place.path('out'))).toBe(false);
  });

  it('says that the key objects are gone', async () => {
    await prepared();
    await rm(place.path('store', 'keys'), { recursive: true });
    expectError(await place.run('points'), 2, 'key.missing');
  });

  it('says which source of the secret is not set', async () => {
    await prepared();
    delete process.env['LB_TEST_PASS'];
    const answer = await place.run('backup');
    expectError(answer, 2, 'secret.unset');
    expect(answer.stdout).toContain('LB_TEST_PASS');
  });
});

describe('a damaged object', () => {
  const kinds = ['packs', 'index', 'points', 'keys'];
  const damages: Record<string, (path: string) => Promise<void>> = {
    flipped: async (path) => {
      const bytes = await readFile(path);
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] as number) ^ 0x10;
      await writeFile(path, bytes);
    },
    truncated: async (path) => truncate(path, (await readFile(path)).length - 7),
    empty: (path) => truncate(path, 0),
  };

  for (const kind of kinds) {
    for (const [how, damage] of Object.entries(damages)) {
      it(`in ${kind}, ${how}, is named by verify --all and never restored as wrong bytes`, async () => {
        await prepared();
        const object = await objectIn(kind);
        await damage(object);
        const name = object.slice(place.path('store').length + 1);
        const verified = await place.run('verify', '--all');
        expect(verified.exitCode, verified.stdout).toBe(1);
        expect(JSON.stringify(verified.json['damage'])).toContain(name);
        for (const asset of ['docs', 'notes']) await expectHonestRestore(asset, name);
      });
    }
  }

  it('swapped with another of its kind is named', async () => {
    await prepared();
    await place.run('backup');
    const folder = place.path('store', 'points');
    const [first, second] = (await readdir(folder)) as [string, string];
    await copyFile(join(folder, first), join(folder, second));
    const verified = await place.run('verify', '--all');
    expect(verified.exitCode).toBe(1);
    expect(JSON.stringify(verified.json['damage'])).toContain(second);
  });

  async function expectHonestRestore(asset: string, damaged: string): Promise<void> {
    const target = place.path(`out-${asset}`);
    const answer = await place.run('restore', asset, '--to', target);
    if (answer.exitCode !== 0) {
      expect(String((answer.json['error'] as { code: string }).code)).toMatch(/^(repository|point|key)\./);
      expect(existsSync(target)).toBe(false);
      return;
    }
    if (asset === 'docs') {
      for (const name of ['a.txt', 'b.txt']) {
        expect(await readFile(join(target, name))).toEqual(await readFile(place.path('docs', name)));
      }
    }
    const used = ['keys', 'index'].includes(damaged.split('/')[0] as string);
    if (used) expect(JSON.stringify(answer.json['damage'])).toContain(damaged);
  }
});

it('a pack that verify found damaged is not built upon: the next backup stores its content again, and restores', async () => {
  await prepared();
  const pack = await objectIn('packs');
  const bytes = await readFile(pack);
  bytes[300] = (bytes[300] as number) ^ 1;
  await writeFile(pack, bytes);
  expect((await place.run('verify', '--all')).exitCode).toBe(1);
  expect((await place.run('backup')).exitCode).toBe(0);
  const restored = await place.run('restore', 'docs', '--to', './out');
  expect(restored.exitCode, restored.stdout).toBe(0);
  expect(await readFile(place.path('out', 'b.txt'))).toEqual(await readFile(place.path('docs', 'b.txt')));
});

it('a store that is away keeps no other store from its point, and a restore says that it was not asked', async () => {
  await writeFile(
    place.path('lifeboat.yaml'),
    smallPlan.replace(
      'near: { type: fs, path: ./store, domain: safe }',
      'far: { type: fs, path: ./far, domain: safe }, near: { type: fs, path: ./store, domain: safe }',
    ),
  );
  await prepared();
  await rename(place.path('far'), place.path('away'));
  const backedUp = await place.run('backup', 'docs');
  expect(backedUp.exitCode).toBe(4);
  expect(backedUp.json['points']).toMatchObject([{ store: 'near' }]);
  expect(await place.run('verify')).toMatchObject({ exitCode: 4, json: { checked: { near: {} } } });
  const restored = await place.run('restore', 'docs', '--to', './out');
  expect(restored).toMatchObject({ exitCode: 0, json: { store: 'near', unanswered: [{ store: 'far' }] } });
});

describe('a source that cannot be read', () => {
  it('is an error for a folder that is not there, and nothing is half-visible', async () => {
    await prepared();
    await rm(place.path('docs'), { recursive: true });
    const answer = await place.run('backup', 'docs');
    expectError(answer, 4, 'asset.unreadable');
    const { points } = (await place.run('points', 'docs')).json as { points: unknown[] };
    expect(points).toHaveLength(1);
  });

  it('is an error for a file that may not be read, never a silent gap', async (context) => {
    await prepared();
    await writeFile(place.path('docs', 'secret.txt'), 'not for everybody', { mode: 0o600 });
    if (process.getuid?.() !== 0) {
      await chmod(place.path('docs', 'secret.txt'), 0o000);
      return expectError(await place.run('backup', 'docs'), 4, 'asset.unreadable');
    }
    // Root reads everything, so another user runs the same command.
    const program = fileURLToPath(new URL('../bin/lifeboat', import.meta.url));
    const asNobody = (words: string[]) =>
      spawnSync('runuser', ['-u', 'nobody', '--', process.execPath, ...words], { cwd: place.folder, encoding: 'utf8' });
    if (asNobody([program, '--version']).status !== 0)
      return context.skip('the user nobody may not enter this checkout');
    for (const path of ['.', 'store', '.lifeboat']) spawnSync('chown', ['-R', 'nobody', place.path(path)]);
    spawnSync('chown', ['root', place.path('docs', 'secret.txt')]);
    const { status, stdout, stderr } = asNobody([program, 'backup', 'docs', '--json']);
    expect(status, stderr).toBe(4);
    expect(stdout).toContain('asset.unreadable');
    expect(stdout).toContain('secret.txt');
  });

  it('is an error for a file that is no SQLite database', async () => {
    await prepared();
    await writeFile(place.path('notes.db'), 'these are just words '.repeat(500));
    expectError(await place.run('backup', 'notes'), 1, 'asset.corrupt');
  });
});

describe('what is in the way', () => {
  it('two backups of one asset at once: the second says who holds it', async () => {
    await prepared();
    const lock = holdLock(place.path('.lifeboat', 'locks', 'backup-docs'), 'backup of docs');
    const answer = await place.run('backup', 'docs');
    lock.release();
    expectError(answer, 4, 'operation.busy');
    expect(answer.stdout).toContain(String(process.pid));
    expect((await place.run('backup', 'docs')).exitCode).toBe(0);
  });

  it('a target that is not empty is left as it is', async () => {
    await prepared();
    await mkdir(place.path('out'));
    await writeFile(place.path('out', 'mine.txt'), 'mine');
    expectError(await place.run('restore', 'docs', '--to', './out'), 2, 'restore.target_not_empty');
    expect(await readdir(place.path('out'))).toEqual(['mine.txt']);
  });

  it('a stale -wal after restore is never replayed onto the new database', async () => {
    await prepared();
    await writeFile(place.path('new.db-wal'), 'left by another database');
    expectError(await place.run('restore', 'notes', '--to', './new.db'), 2, 'restore.target_not_empty');
    expect(existsSync(place.path('new.db'))).toBe(false);
  });

  it('a folder for the target that does not exist is named with the command that makes it', async () => {
    await prepared();
    const answer = await place.run('restore', 'docs', '--to', './no/such/out');
    expectError(answer, 2, 'restore.target_unusable');
    expect(answer.stdout).toContain('mkdir -p');
  });

  it('a port that is taken is an error before anything is started', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(freePort(port)).rejects.toMatchObject({ code: 'port.taken' });
    server.close();
  });
});

it('a repository that was copied to another place is still whole', async () => {
  await prepared();
  await cp(place.path('store'), place.path('store2'), { recursive: true });
  await rm(place.path('store'), { recursive: true });
  await rm(place.path('.lifeboat'), { recursive: true });
  await writeFile(place.path('lifeboat.yaml'), smallPlan.replace('./store', './store2'));
  expect((await place.run('verify', '--all')).exitCode).toBe(0);
  expect((await place.run('restore', 'docs', '--to', './out')).exitCode).toBe(0);
});
