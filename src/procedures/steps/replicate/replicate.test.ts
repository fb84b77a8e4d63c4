import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runnerTools, type OpenWorkspace } from '../../../app/index.ts';
import { backupEverywhere, listPoints, replicate, restore } from '../../../operations/index.ts';
import { withCopies } from '../../../operations/testing/copies.ts';
import { describeProcedure, runProcedure, type RunResult } from '../../index.ts';
import { brokeNow, environmentIn, scenarioOf, stepOf } from '../../testing/bench.ts';

const step = stepOf('copy', 'replicate', { from: 'near', to: 'far' });
const run = (
  workspace: OpenWorkspace,
  folder: string,
  mode: 'real' | 'drill' = 'real',
  alone = false,
  copy = step,
): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(copy),
    environment: { ...environmentIn(folder), ephemeral: mode === 'drill' },
    mode,
    tools: runnerTools(workspace),
    incident: brokeNow(),
    alone,
  });
const storesOf = async (workspace: OpenWorkspace) =>
  (await listPoints(workspace, 'docs')).points.map(({ stores }) => stores);

describe('replicate', () => {
  it('copies what the other store lacks, says how much, and is done again without copying it twice', async () => {
    await withCopies(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'words');
      await backupEverywhere(workspace, 'docs');
      expect(await storesOf(workspace)).toEqual([['near']]);
      const tools = runnerTools(workspace);
      const request = { scenario: scenarioOf(step), environment: environmentIn(folder), tools, incident: brokeNow() };
      const [described] = await describeProcedure(request);
      expect(described).toMatchObject({
        certainty: 'predicted',
        text: expect.stringMatching(/^1 points, .* not in far/),
      });
      const first = await run(workspace, folder);
      expect(first.steps[0]).toMatchObject({ state: 'done', outputs: { points: [expect.any(String)] } });
      expect(await storesOf(workspace)).toEqual([['near', 'far']]);
      const second = await run(workspace, folder);
      expect(second.steps[0]).toMatchObject({ state: 'done', outputs: { points: [], bytes: 0 } });
    });
  });

  it('with a prefix copies the points of the assets whose names begin so, and nothing of others', async () => {
    await withCopies(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'words');
      await backupEverywhere(workspace, 'docs');
      const whole = await replicate(workspace, { from: 'near', to: 'far', dryRun: true });
      const of = (prefix: string) => stepOf('copy', 'replicate', { from: 'near', to: 'far', prefix });
      const [described] = await describeProcedure({
        scenario: scenarioOf(of('do')),
        environment: environmentIn(folder),
        tools: runnerTools(workspace),
        incident: brokeNow(),
      });
      expect(described).toMatchObject({
        text: expect.stringMatching(/^1 points/),
        title: expect.stringContaining('do'),
      });
      const other = await run(workspace, folder, 'real', false, of('shop_'));
      expect(other.steps[0]).toMatchObject({ state: 'failed', code: 'point.none' });
      expect(await storesOf(workspace)).toEqual([['near']]);
      const { steps } = await run(workspace, folder, 'real', false, of('docs/'));
      expect(steps[0]).toMatchObject({ state: 'done', outputs: { points: [expect.any(String)] } });
      // Without the index and the journal of the whole.
      expect(steps[0]?.outputs['bytes']).toBeLessThan(whole.bytes);
      expect(await storesOf(workspace)).toEqual([['near', 'far']]);
      const target = join(folder, 'restored');
      await restore(workspace, { asset: 'docs', target, store: 'far', start: false, stay: false });
      expect(await readFile(join(target, 'a'), 'utf8')).toBe('words');
    });
  });

  it('fails where a pack is damaged, and names it; what is whole is copied all the same', async () => {
    await withCopies(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'words '.repeat(10_000));
      await backupEverywhere(workspace, 'docs');
      const packs = join(folder, 'near', 'packs');
      const [pack] = (await readdir(packs, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
      const path = join(pack?.parentPath as string, pack?.name as string);
      await writeFile(path, 'no pack at all');
      const { verdict, steps } = await run(workspace, folder);
      expect(verdict).toBe('failed');
      expect(steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('not copied to far') });
    });
  });

  it('fails with what is wrong when the other store is away', async () => {
    await withCopies(async (workspace, folder) => {
      await backupEverywhere(workspace, 'docs');
      await rm(join(folder, 'far'), { recursive: true });
      const { steps } = await run(workspace, folder, 'real', true);
      expect(steps[0]).toMatchObject({ state: 'failed', code: 'store.unreachable' });
    });
  });

  it('in a drill touches no store, and the evidence says so', async () => {
    await withCopies(async (workspace, folder) => {
      await backupEverywhere(workspace, 'docs');
      const { steps } = await run(workspace, folder, 'drill');
      expect(steps[0]).toMatchObject({ state: 'skipped', summary: expect.stringContaining('not exercised: far') });
      expect(await storesOf(workspace)).toEqual([['near']]);
    });
  });
});
