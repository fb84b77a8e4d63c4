import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backup, decideRetention, forget, listPoints, prune, restore } from '../operations/index.ts';
import { backupDaily, withPolicy } from '../operations/testing/aged.ts';
import { damageFiles } from '../operations/testing/workspace.ts';
import type { Store } from '../stores/index.ts';

const policy = '{ to: [near] }';
const dayMs = 86_400_000;

/** Counts what is read of points. */
function counting(): { wrap: (store: Store) => Store; reads: () => string[] } {
  let reads: string[] = [];
  return {
    wrap: (store) =>
      new Proxy(store, {
        get: (target, key) => {
          const value = Reflect.get(target, key, target) as unknown;
          if (typeof value !== 'function') return value;
          return (...words: unknown[]) => {
            if (key === 'get' && String(words[0]).startsWith('points/')) reads.push(String(words[0]));
            return Reflect.apply(value, target, words) as unknown;
          };
        },
      }),
    reads: () => {
      const since = reads;
      reads = [];
      return since;
    },
  };
}

async function pointFile(folder: string, id: string): Promise<string> {
  const names = await readdir(join(folder, 'near', 'points'), { recursive: true });
  return join(folder, 'near', 'points', names.find((name) => name.endsWith(id)) ?? '');
}

describe('points that were read before', () => {
  it('are listed without reading them again, for a day, but the newest; what comes and goes shows at once', async () => {
    const { wrap, reads } = counting();
    await withPolicy(
      policy,
      async (workspace, clock) => {
        const ids: string[] = [];
        const take = async (): Promise<void> => {
          ids.push((await backup(workspace, 'docs'))[0]?.point.id ?? '');
          clock.nowMs += 1_000;
        };
        const list = async () => (await listPoints(workspace, 'docs')).points.map(({ point }) => point.id);
        for (let n = 0; n < 3; n += 1) await take();
        expect(await list()).toEqual(ids);
        reads();
        expect(await list()).toEqual(ids);
        expect(new Set(reads())).toEqual(new Set([`points/${ids.at(-1)}`]));
        await take();
        reads();
        expect(await list()).toEqual(ids);
        expect(new Set(reads())).toEqual(new Set(ids.slice(2).map((id) => `points/${id}`)));
        await forget(workspace, { point: ids[0] ?? '', anyway: true });
        expect(await list()).toEqual(ids.slice(1));
        reads();
        clock.nowMs += dayMs + 1;
        expect(await list()).toEqual(ids.slice(1));
        expect(new Set(reads()).size).toBe(3);
      },
      wrap,
    );
  });

  it('are not believed of the newest, nor by what decides what goes', async () => {
    await withPolicy('{ to: [near], keep: { daily: 1d } }', async (workspace, clock, folder) => {
      const ids = await backupDaily(workspace, clock, 3);
      const list = () => listPoints(workspace, 'docs');
      const harm = async (id: string | undefined) => damageFiles([await pointFile(folder, id ?? '')]);
      const request = { store: 'near', keepPoints: false, evict: [], anyway: false };
      expect((await list()).points).toHaveLength(3);
      // Not the newest: a list may say for a day that it is there, a prune may not rest on that.
      await harm(ids[1]);
      expect((await list()).points).toHaveLength(3);
      for (const dryRun of [true, false])
        await expect(prune(workspace, { ...request, dryRun })).rejects.toMatchObject({ code: 'prune.blind' });
      await harm(ids[2]);
      expect(await list()).toMatchObject({
        points: [{ point: { id: ids[0] } }],
        damage: [{ points: [ids[1]] }, { points: [ids[2]] }],
      });
      expect((await decideRetention(workspace, 'near')).decisions).toMatchObject([{ keep: true }]);
      expect(await readdir(join(folder, 'near', 'points'))).toHaveLength(3);
    });
  });

  it('leave a restore its guidance where the one it would take was harmed meanwhile', async () => {
    await withPolicy(policy, async (workspace, clock, folder) => {
      const ids = await backupDaily(workspace, clock, 3);
      const atMs = Date.parse('2026-01-02T03:00:00Z');
      const to = (name: string) => ({ asset: 'docs', target: join(folder, name), start: false, stay: false });
      expect((await listPoints(workspace, 'docs')).points).toHaveLength(3);
      await damageFiles([await pointFile(folder, ids[1] ?? '')]);
      await expect(restore(workspace, { ...to('at'), atMs })).rejects.toMatchObject({
        code: 'point.uncertain',
        hint: expect.stringContaining(`--point ${ids[0]}`),
      });
      await damageFiles([await pointFile(folder, ids[2] ?? '')]);
      await expect(restore(workspace, to('newest'))).rejects.toMatchObject({ code: 'point.uncertain' });
      await restore(workspace, { ...to('older'), point: ids[0] ?? '' });
    });
  });

  it('are read again where the store has another size, or the copy here is harmed', async () => {
    await withPolicy(policy, async (workspace, _, folder) => {
      const id = (await backup(workspace, 'docs'))[0]?.point.id ?? '';
      const list = () => listPoints(workspace, 'docs');
      expect((await list()).points).toHaveLength(1);
      const [kept] = await readdir(join(folder, 'state-aged', 'points'));
      await damageFiles([join(folder, 'state-aged', 'points', kept ?? '')]);
      expect(await list()).toMatchObject({ points: [{ point: { id } }], damage: [] });
      const path = await pointFile(folder, id);
      const bytes = await readFile(path);
      await rm(path);
      await writeFile(path, bytes.subarray(0, -1));
      expect(await list()).toMatchObject({ points: [], damage: [{ points: [id] }] });
    });
  });

  it.each(['nothing', 'a file in the place of their folder'])(
    'are listed all the same where there is %s',
    async (how) => {
      await withPolicy(policy, async (workspace, _, folder) => {
        const state = join(folder, 'state-aged', 'points');
        await backup(workspace, 'docs');
        for (let n = 0; n < 2; n += 1) {
          await rm(state, { recursive: true, force: true });
          if (how !== 'nothing') await writeFile(state, 'x');
          expect((await listPoints(workspace, 'docs')).points).toHaveLength(1);
        }
      });
    },
  );
});
