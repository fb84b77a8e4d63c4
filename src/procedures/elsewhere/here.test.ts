import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { resumeRun, runProcedure, type Elsewhere, type StepKind } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';

/** It can be asked, on the machine on which it was done, whether it was. */
const marking: StepKind<string> = {
  kind: 'marking',
  schema: z.string(),
  destructive: true,
  title: () => 'leave a mark',
  describe: async () => ({ certainty: 'predicted', text: 'leaves a mark' }),
  run: async ({ settings }) => {
    writeFileSync(settings, '');
    return { state: 'done', outputs: {}, summary: 'left it' };
  },
  inspect: async ({ settings }) => (existsSync(settings) ? 'done' : 'not-done'),
};

let bench: Bench;
beforeEach(() => {
  bench = makeBench({ kinds: [marking as StepKind] });
});
afterEach(() => bench.close());

it('what another site had begun is not looked for on this machine, when its run goes on without the engine', async () => {
  const dies = new Error('killed');
  const { journal } = bench;
  const dead = {
    ...journal,
    append: (...record: Parameters<typeof journal.append>) => {
      if (record[0] === 'step.finished') throw dies;
      return journal.append(...record);
    },
    records: journal.records.bind(journal),
  };
  const elsewhere: Elsewhere = { site: 'here', step: () => Promise.reject(dies), stop: async () => {} };
  const mark = join(bench.folder, 'mark');
  const run = '01kanhere00000000000000000';
  const dying = runProcedure({
    run,
    scenario: scenarioOf(stepOf('act', 'marking', mark, { site: 'there' })),
    environment: bench.environment,
    mode: 'real',
    tools: { ...bench.tools, workspace: { ...bench.workspace, journal: dead }, elsewhere },
    incident: brokeNow(),
    engine: { name: 'restate', site: 'here', at: 'http://127.0.0.1:1' },
  });
  await expect(dying).rejects.toBe(dies);
  const resumed = await resumeRun({ run, environment: bench.environment, tools: bench.tools });
  expect(resumed).toMatchObject({ verdict: 'needs-human', questions: [{ step: 'act' }] });
  expect(existsSync(mark)).toBe(false);
  const answer = { is: 'done', by: 'duty' } as const;
  expect((await resumeRun({ run, environment: bench.environment, tools: bench.tools, answer })).verdict).toBe('done');
  expect(existsSync(mark)).toBe(false);
});
