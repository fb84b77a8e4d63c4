import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeBench, scenarioOf, stepOf, type Bench } from '../procedures/testing/bench.ts';
import { siteWorker } from './site.ts';
import { orderOf } from './testing/ground.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench({ plan: { contacts: new Map([['duty', {}]]) } });
});
afterEach(() => bench.close());

it('a word is not lost when its worker died between the record of the round and its first act', async () => {
  const actions = siteWorker({
    name: 'home',
    tools: bench.tools,
    environment: async (name) => ({ ...bench.environment, name }),
  });
  const flag = join(bench.folder, 'flag');
  const order = orderOf(scenarioOf(stepOf('broken', 'exec', { run: ['test', '-e', flag], repeatable: true })));
  expect((await actions.act({ order, round: 1 })).result?.verdict).toBe('failed');
  writeFileSync(flag, '');
  bench.journal.append('run.round', { round: 2, word: 'resume' }, { run: order.run });
  const told = { order, round: 2, word: { kind: 'resume' } } as const;
  expect((await actions.act(told)).result).toMatchObject({ verdict: 'done', resumed: 1 });
  // Asked once more, it is told what came of it.
  expect((await actions.act(told)).result).toMatchObject({ verdict: 'done', resumed: 1 });
  expect(existsSync(flag)).toBe(true);
});

it('a round that ended is not done again when its answer was lost', async () => {
  const actions = siteWorker({ name: 'home', tools: bench.tools, environment: async () => bench.environment });
  const order = orderOf(scenarioOf(stepOf('broken', 'exec', { run: ['false'], repeatable: true })));
  await actions.act({ order, round: 1 });
  const told = { order, round: 2, word: { kind: 'resume' } } as const;
  expect((await actions.act(told)).result).toMatchObject({ verdict: 'failed', resumed: 1 });
  expect((await actions.act(told)).result).toMatchObject({ verdict: 'failed', resumed: 1 });
});
