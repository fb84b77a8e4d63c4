import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Asset } from '../../../assets/index.ts';
import { systemClock } from '../../../core/index.ts';
import type { RestoreReport, RestoreRequest } from '../../../operations/index.ts';
import type { Plan, StepDeclaration } from '../../../plan/index.ts';
import type { Point } from '../../../repository/index.ts';
import { resumeRun, runProcedure, type RunnerTools } from '../../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';

const password = 'correct-horse-battery';
let bench: Bench;
let tools: RunnerTools;
const requests: RestoreRequest[] = [];
const asked: string[] = [];

beforeEach(() => {
  bench = makeBench();
  requests.length = 0;
  asked.length = 0;
  process.env['BENCH_ORDERS_URL'] = `postgresql://shop:${password}@db.example:5432/orders`;
  const declaration = { name: 'orders', type: 'postgres', domain: undefined, policy: undefined, checks: [] };
  const settings = { url: { env: 'BENCH_ORDERS_URL' } };
  const plan: Plan = { ...bench.workspace.plan, assets: new Map([['orders', { ...declaration, settings }]]) };
  const asset = {
    newest: async (of: { url: string }) => (asked.push(of.url), {}),
    check: async ({ url }: { url: string }) => [
      { name: 'same password', ok: url.includes(password), observed: 'a url', expected: 'its password', durationMs: 0 },
    ],
  } as unknown as Asset;
  const restore = async (request: RestoreRequest): Promise<RestoreReport> => {
    requests.push(request);
    const point = { id: 'p1', atMs: systemClock.now() } as Point;
    const planned = { request, store: 'near', point, target: request.target, bytes: 1, files: 1 };
    const copy = {
      path: request.target,
      url: `postgresql://shop:${password}@127.0.0.1:5999/orders`,
      shownUrl: 'postgresql://shop@127.0.0.1:5999/orders',
      stop: async () => {},
    };
    const whole = { ...planned, secondsExpected: undefined, others: [], rejected: [], damage: [], unanswered: [] };
    return {
      plan: whole,
      seconds: 1,
      checks: [],
      reached: { lsn: '0/1' },
      copy,
      damage: [],
      changeovers: [],
      warnings: [],
    };
  };
  tools = { ...bench.tools, restore, workspace: { ...bench.workspace, plan, asset: () => asset } };
});
afterEach(() => {
  delete process.env['BENCH_ORDERS_URL'];
  bench.close();
});

const bringBack = stepOf('bring_back', 'restore', 'orders', { siblings: { at: '${incident.lastGood}', into: 'new' } });
const looksRight = stepOf('looks_right', 'check', { asset: 'orders', of: '${steps.bring_back.url}' });
const flag = (): string => join(bench.folder, 'repaired');
const run = (...steps: readonly StepDeclaration[]): ReturnType<typeof runProcedure> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: bench.environment,
    mode: 'real',
    tools,
    incident: brokeNow(),
  });

it('a restored server is handed to later steps with its password, and recorded without it', async () => {
  const result = await run(bringBack, looksRight);
  expect(result.verdict).toBe('done');
  expect(requests).toMatchObject([{ asset: 'orders', start: true, stay: true, atMs: result.incident.lastGoodMs }]);
  expect(JSON.stringify(bench.journal.records())).not.toContain(password);
  expect(readFileSync(join(bench.folder, 'state/journal.db'), 'latin1')).not.toContain(password);
});

it('after a crash the password is had again from the plan, and the server is asked, not restored again', async () => {
  const gate = stepOf('gate', 'check', { file: { path: flag() } });
  const stopped = await run(bringBack, gate, looksRight);
  expect(stopped.steps.map(({ state }) => state)).toEqual(['done', 'failed', 'pending']);
  writeFileSync(flag(), '');
  const result = await resumeRun({ run: stopped.run, environment: bench.environment, tools });
  expect(result.verdict).toBe('done');
  expect(requests).toHaveLength(1);
  expect(asked).toEqual([`postgresql://shop:${password}@127.0.0.1:5999/orders`]);
});

it('a moment without a time zone is refused: nobody may guess which data is meant', async () => {
  const vague = stepOf('bring_back', 'restore', 'orders', { siblings: { at: '2026-11-21 03:00' } });
  expect((await run(vague)).steps[0]).toMatchObject({ state: 'failed', code: 'plan.invalid' });
  expect(requests).toEqual([]);
});

it('a new place that is taken is never used: the next free name is', async () => {
  mkdirSync(join(bench.folder, 'restored/orders'), { recursive: true });
  writeFileSync(join(bench.folder, 'restored/orders/somebody'), '');
  await run(bringBack);
  expect(requests[0]?.target).toBe(join(bench.folder, 'restored/orders-2'));
});
