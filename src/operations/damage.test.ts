import { randomBytes } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LifeboatError } from '../core/index.ts';
import type { Store } from '../stores/index.ts';
import { backup, backupEverywhere, listPoints, planRestore, restore, verify, type RestoreRequest } from './index.ts';
import { changed, damageFiles, packFiles, withWorkspace, withWorkspaceOf } from './testing/workspace.ts';

const restoreOf = (folder: string, point = ''): RestoreRequest => ({
  asset: 'docs',
  target: join(folder, 'back'),
  point,
  start: false,
  stay: false,
});

describe('a backup over content that the store had already', () => {
  it('stores it again where it reads back damaged, says so, and its point restores', async () => {
    await withWorkspace(async (workspace, folder) => {
      const content = randomBytes(300_000);
      await writeFile(join(folder, 'docs', 'old'), content);
      await backup(workspace, 'docs');
      await damageFiles(await packFiles(join(folder, 'near')));
      const [near, far] = await backup(workspace, 'docs');
      expect(near?.warnings.join()).toMatch(/packs\/.*does not match.*repository\.damaged.*stored again/);
      expect(far?.warnings).toEqual([]);
      expect(near?.point.storedBytes).toBeGreaterThan(content.length);
      await restore(workspace, { ...restoreOf(folder, near?.point.id), store: 'near' });
      expect((await readFile(join(folder, 'back', 'old'))).equals(content)).toBe(true);
    });
  });

  it.each(['vanished', 'was cut'] as const)('notices a pack that %s while it was at work', async (how) => {
    let strike: (() => Promise<void>) | undefined;
    const wrap = (store: Store): Store =>
      changed(store, {
        put: async (name, ...rest) => {
          if (name.startsWith('index/')) await strike?.();
          return store.put(name, ...rest);
        },
      });
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'old'), randomBytes(300_000));
      await backup(workspace, 'docs');
      const [large] = await packFiles(join(folder, 'near'));
      await writeFile(join(folder, 'docs', 'new'), randomBytes(1000));
      strike = async () => {
        strike = undefined;
        const bytes = await readFile(large as string);
        await rm(large as string);
        if (how === 'was cut') await writeFile(large as string, bytes.subarray(0, -1));
      };
      const [near] = await backup(workspace, 'docs');
      expect(near?.warnings.join()).toMatch(how === 'was cut' ? /bytes long/ : /not in the store/);
      await restore(workspace, { ...restoreOf(folder, near?.point.id), store: 'near' });
      expect((await readFile(join(folder, 'back', 'old'))).length).toBe(300_000);
    }, wrap);
  });

  it('remembers the damage: the next backup does not rest on it either', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), randomBytes(300_000));
      await writeFile(join(folder, 'mail', 'b'), randomBytes(10));
      await backup(workspace, 'docs');
      const bad = await packFiles(join(folder, 'near'));
      await damageFiles(bad);
      await backup(workspace, 'docs');
      const [record] = workspace.journal.records({ kinds: ['backup.damage'] });
      const found = record?.data['damage'] as { object: string }[];
      expect(record?.data['store']).toBe('near');
      expect(found.map(({ object }) => basename(object))).toEqual(bad.map((path) => basename(path)));
      // A verification of another asset does not look at these objects, and says nothing about them.
      await backup(workspace, 'mail');
      await verify(workspace, { assets: ['mail'], everything: false });
      await writeFile(join(folder, 'mail', 'same as in docs'), await readFile(join(folder, 'docs', 'a')));
      const [next] = await backup(workspace, 'mail');
      expect(next?.warnings).toEqual([]);
      expect(workspace.journal.records({ kinds: ['backup.damage'] })).toHaveLength(1);
    });
  });

  it('gives up on a store that damages whatever it is given, without a point', async () => {
    const lies = (store: Store): Store =>
      changed(store, {
        put: async (name, parts, options) => {
          const bytes = Buffer.concat(parts);
          if (name.startsWith('packs/')) bytes[40] = (bytes[40] as number) ^ 1;
          return store.put(name, [bytes], options);
        },
      });
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), randomBytes(3000));
      const { reports, failures } = await backupEverywhere(workspace, 'docs');
      expect(reports).toEqual([]);
      expect(failures.map(({ code }) => code)).toEqual(['repository.damaged', 'repository.damaged']);
      expect((await listPoints(workspace, 'docs')).points).toEqual([]);
    }, lies);
  });
});

describe('the newest verification of a point', () => {
  it('is what is shown: damage found later is not hidden behind an older good one', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), randomBytes(3000));
      await backup(workspace, 'docs');
      await verify(workspace, { assets: [], everything: false });
      const before = (await listPoints(workspace, 'docs')).points;
      expect(before.map(({ verifiedMs }) => typeof verifiedMs)).toEqual(['number', 'number']);
      expect(before.flatMap(({ damagedIn }) => damagedIn)).toEqual([]);
      await damageFiles(await packFiles(join(folder, 'near')));
      await verify(workspace, { assets: [], everything: false });
      const after = (await listPoints(workspace, 'docs')).points;
      expect(after.map(({ damagedIn }) => damagedIn.map(({ store }) => store))).toEqual([['near'], []]);
      expect(after.map(({ verifiedMs }) => typeof verifiedMs)).toEqual(['undefined', 'number']);
    });
  });

  it('decides from where a restore reads: not from the store where the point was found damaged', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), randomBytes(3000));
      const [near] = await backup(workspace, 'docs');
      // The far store becomes a replica of the near one: the same point in both.
      for (const part of ['packs', 'index', 'points', 'keys', 'repository', 'repository.copy']) {
        await rm(join(folder, 'far', part), { recursive: true });
        await cp(join(folder, 'near', part), join(folder, 'far', part), { recursive: true });
      }
      await withWorkspaceOf(folder, async (again) => {
        const request = restoreOf(folder, near?.point.id);
        expect((await planRestore(again, request)).store).toBe('near');
        await damageFiles(await packFiles(join(folder, 'near')));
        await verify(again, { assets: [], everything: false });
        expect((await planRestore(again, request)).store).toBe('far');
      });
    });
  });
});

describe('a verification over a disk with a sector that cannot be read', () => {
  it.each(['packs/', 'index/', 'points/'])(
    'names the object below %s as unreadable and goes on',
    async (folderName) => {
      let broken = false;
      const wrap = (store: Store): Store =>
        changed(store, {
          get: async (name, options) => {
            if (broken && name.startsWith(folderName))
              throw new LifeboatError('store.io', 'EIO', { where: `disk/${name}` });
            return store.get(name, options);
          },
        });
      await withWorkspace(async (workspace, folder) => {
        await writeFile(join(folder, 'docs', 'a'), randomBytes(3000));
        await backup(workspace, 'docs');
        broken = true;
        const { results, failures } = await verify(workspace, { assets: [], everything: true });
        expect(failures).toEqual([]);
        expect(results.map(({ ok }) => ok)).toEqual([false, false]);
        for (const { damage } of results) {
          const named = damage.filter(({ code }) => code === 'repository.unreadable').map(({ object }) => object);
          expect(named.length).toBeGreaterThan(0);
          for (const object of named) expect(object.startsWith(folderName)).toBe(true);
        }
      }, wrap);
    },
  );

  it('still ends where the store does not answer at all', async () => {
    let away = false;
    const wrap = (store: Store): Store =>
      changed(store, {
        get: async (name, options) => {
          if (away && name.startsWith('packs/')) throw new LifeboatError('store.unreachable', 'no answer');
          return store.get(name, options);
        },
      });
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), randomBytes(3000));
      await backup(workspace, 'docs');
      away = true;
      const { results, failures } = await verify(workspace, { assets: [], everything: true });
      expect(results).toEqual([]);
      expect(failures.map(({ code }) => code)).toEqual(['store.unreachable', 'store.unreachable']);
    }, wrap);
  });
});
