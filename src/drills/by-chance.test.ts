import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerTools } from '../app/index.ts';
import { backup, forget } from '../operations/index.ts';
import { withWorkspace } from '../operations/testing/workspace.ts';
import type { DrillDeclaration } from '../plan/index.ts';
import { drillEvidence, evidenceIsSound } from '../reports/index.ts';
import { choicesBy } from './choices.ts';
import { runDrill } from './drill.ts';

const drill: DrillDeclaration = {
  name: 'any',
  scenario: undefined,
  restore: 'docs',
  every: [],
  in: 'bubble',
  point: 'random',
  expect: { rpoMs: 60_000 },
};

it('what a seed chose it chooses again when others have gone meanwhile, or have come', () => {
  const ids = Array.from({ length: 50 }, (_, at) => `point ${at}`);
  for (const seed of ['1', '2', '3', '4', '5']) {
    const { pick } = choicesBy(seed);
    const chosen = pick('point', ids);
    for (const gone of ids.filter((id) => id !== chosen))
      expect(
        pick(
          'point',
          ids.filter((id) => id !== gone),
        ),
      ).toBe(chosen);
    const later = ids.map((id) => pick('point', [...ids, `later ${id}`]));
    expect(later.filter((one) => one !== chosen).length).toBeLessThan(10);
  }
  expect(choicesBy('1').pick('point', [])).toBeUndefined();
});

describe('a drill that leaves to chance which point it restores', () => {
  it('chooses by a seed that is in its evidence, and with that seed the same again', async () => {
    await withWorkspace(async (workspace, folder) => {
      const points: string[] = [];
      for (let turn = 0; turn < 4; turn += 1) {
        await writeFile(join(folder, 'docs', 'a.txt'), `turn ${turn}`);
        points.push(...(await backup(workspace, 'docs')).map(({ point }) => point.id));
      }
      const chosen = new Set<string>();
      const tools = runnerTools(workspace);
      const drawn = (seed: string): string | undefined => choicesBy(seed).pick('point of docs', points);
      const other = Array.from({ length: 1_000 }, (_, at) => `${at}`).find((seed) => drawn(seed) !== drawn('1')) ?? '';
      for (const seed of ['1', other, '1']) {
        const result = await runDrill({ drill, seed, tools });
        const [one] = result.chance?.points ?? [];
        // What is newer was given up on purpose.
        expect(result, JSON.stringify(result.criteria)).toMatchObject({ verdict: 'pass', chance: { seed } });
        expect(one).toEqual({ asset: 'docs', point: drawn(seed), of: points.length });
        expect(result.assets[0]?.point?.id).toBe(one?.point);
        chosen.add(one?.point ?? '');
        const evidence = drillEvidence(workspace.journal.records({ run: result.run }));
        expect(evidenceIsSound(evidence)).toBe(true);
        expect(evidence.chance).toEqual(result.chance);
        expect(evidence.scope.join()).toContain(`chosen by chance among ${points.length} (seed ${seed})`);
      }
      expect(chosen.size).toBe(2);
      expect((await runDrill({ drill, tools })).chance?.seed).toMatch(/^[0-9a-f]{16}$/);
    });
  });

  it('chooses again where retention let the point go between the choice and its reading, and tells of the one that it restored', async () => {
    await withWorkspace(async (workspace, folder) => {
      let many = 0;
      for (let turn = 0; turn < 4; turn += 1) {
        await writeFile(join(folder, 'docs', 'a.txt'), `turn ${turn}`);
        many += (await backup(workspace, 'docs')).length;
      }
      const tools = runnerTools(workspace);
      const tried: (string | undefined)[] = [];
      const restore: typeof tools.restore = async (request) => {
        tried.push(request.point);
        if (tried.length < 3) await forget(workspace, { point: request.point ?? '', anyway: true });
        return tools.restore(request);
      };
      const result = await runDrill({ drill, seed: '1', tools: { ...tools, restore } });
      expect(result, JSON.stringify(result.criteria)).toMatchObject({ verdict: 'pass' });
      expect(new Set(tried).size).toBe(3);
      expect(result.chance?.points).toEqual([{ asset: 'docs', point: tried[2], of: many - 2 }]);
    });
  });

  it('restores the newest where nothing is left to chance', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a.txt'), 'a');
      await backup(workspace, 'docs');
      const newest = (await backup(workspace, 'docs')).at(-1);
      const { point: _, ...plain } = drill;
      const result = await runDrill({ drill: plain, tools: runnerTools(workspace) });
      expect(result).toMatchObject({ chance: { points: [] }, assets: [{ point: { id: newest?.point.id } }] });
    });
  });
});
