import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runnerTools, type OpenWorkspace } from '../../../app/index.ts';
import { systemClock } from '../../../core/index.ts';
import { listPoints, storesUnwell } from '../../../operations/index.ts';
import { withCopies } from '../../../operations/testing/copies.ts';
import type { Store } from '../../../stores/index.ts';
import { resumeRun, runProcedure, showRun, type RunnerTools, type RunResult, type StepKind } from '../../index.ts';
import { brokeNow, environmentIn, scenarioOf, stepOf } from '../../testing/bench.ts';
import { fastClock } from '../../testing/fast-clock.ts';

const oftener = stepOf('oftener', 'policy', { asset: 'docs', every: '1s', while: 'the store is healthy' });
const middle = stepOf('middle', 'middle', {});

/** A step of a test, in whose time the policy holds. */
const middleKind = (work: () => Promise<void>): StepKind => ({
  kind: 'middle',
  schema: z.unknown(),
  destructive: false,
  title: () => 'what goes on meanwhile',
  describe: async () => ({ certainty: 'unknown', text: '' }),
  run: async () => {
    await work();
    return { state: 'done', outputs: {}, summary: 'over' };
  },
});

const toolsOf = (workspace: OpenWorkspace, work: () => Promise<void>): RunnerTools => {
  const tools = runnerTools(workspace);
  return { ...tools, stepKinds: [...tools.stepKinds, middleKind(work)] };
};
const run = (
  workspace: OpenWorkspace,
  folder: string,
  work: () => Promise<void> = async () => {},
  steps = [oftener, middle],
): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: environmentIn(folder),
    mode: 'real',
    tools: toolsOf(workspace, work),
    incident: brokeNow(),
  });
const count = async (workspace: OpenWorkspace): Promise<number> => (await listPoints(workspace, 'docs')).points.length;
const untilMoreThan = (workspace: OpenWorkspace, points: number) =>
  expect.poll(() => count(workspace), { timeout: 30_000, interval: 100 }).toBeGreaterThan(points);
const ended = ({ journal }: OpenWorkspace): string[] =>
  journal
    .records({ kinds: ['step.meanwhile'] })
    .flatMap(({ data }) => (data['is'] === 'ended' ? [String(data['summary'])] : []));

/** Says that it has so much room left. */
let freeBytes = Infinity;
const withRoom = (store: Store): Store =>
  new Proxy(store, {
    get: (target, name) => {
      if (name === 'room') return async () => ({ freeBytes });
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
beforeEach(() => void (freeBytes = Infinity));

describe('a policy for the time of a run', () => {
  it('takes points while the procedure goes on, leaves them out while a store is not well, and takes none when it is over', async () => {
    await withCopies(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'words');
      const lines: string[] = [];
      const tools = toolsOf(workspace, async () => {
        await untilMoreThan(workspace, 0);
        freeBytes = 1_000;
        await expect.poll(() => lines.join('\n'), { timeout: 30_000 }).toContain('no point of docs now: near has');
        freeBytes = Infinity;
        await untilMoreThan(workspace, await count(workspace));
      });
      const result = await runProcedure({
        scenario: scenarioOf(oftener, middle),
        environment: environmentIn(folder),
        mode: 'real',
        tools: { ...tools, output: (_, line) => void lines.push(line) },
        incident: brokeNow(),
      });
      expect(result).toMatchObject({ verdict: 'done', steps: [{ outputs: { every: ['1s'] } }, {}] });
      const summary = /^[1-9]\d* points of docs were taken, [1-9]\d* left out because a store was not well, 0 failed$/;
      expect(ended(workspace)).toEqual([expect.stringMatching(summary)]);
      // Whoever looks at the run sees it too.
      expect(showRun(workspace.journal, result.run).steps[0]?.summary).toContain('points of docs were taken');
      const after = await count(workspace);
      await systemClock.sleep(1_200);
      expect(await count(workspace)).toBe(after);
    }, withRoom);
  });

  it('is not begun where a store is nearly full: more points would only burden it', async () => {
    freeBytes = 1_000;
    await withCopies(async (workspace, folder) => {
      const { steps } = await run(workspace, folder);
      expect(steps[0]).toMatchObject({
        state: 'failed',
        code: 'policy.unwell',
        summary: expect.stringContaining('left'),
      });
      expect(await count(workspace)).toBe(0);
    }, withRoom);
  });

  it('calls a store that says nothing unwell, and does not wait for it', async () => {
    await withCopies(async (workspace) => {
      const silent = { ...workspace, clock: fastClock(200), place: () => new Promise<never>(() => {}) };
      expect(await storesUnwell(silent, 'docs')).toMatch(/did not answer within 15 s/);
    });
  });

  it('begins again when a run is gone on with', async () => {
    await withCopies(async (workspace, folder) => {
      const first = await run(workspace, folder, async () => Promise.reject(new Error('the middle breaks')));
      expect(first.verdict).toBe('failed');
      expect(ended(workspace)).toHaveLength(1);
      const tools = toolsOf(workspace, () => untilMoreThan(workspace, 0));
      const answer = { step: 'middle', is: 'again', by: 'kim' } as const;
      const second = await resumeRun({ run: first.run, environment: environmentIn(folder), tools, answer });
      expect(second.verdict).toBe('done');
      expect(ended(workspace)).toHaveLength(2);
    });
  });

  it('is refused for a policy that the plan has not, and where nothing says how often', async () => {
    await withCopies(async (workspace, folder) => {
      const codes = [];
      for (const settings of [{ asset: 'docs', use: 'gold' }, { asset: 'docs' }]) {
        const { steps } = await run(workspace, folder, undefined, [stepOf('oftener', 'policy', settings)]);
        codes.push(steps[0]?.code);
      }
      expect(codes).toEqual(['plan.unknown_name', 'plan.invalid']);
    });
  });
});
