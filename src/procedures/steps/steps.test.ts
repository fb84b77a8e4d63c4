import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { resumeRun, runProcedure, type RunResult } from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { contentHash, type StepDeclaration } from '../../plan/index.ts';

import { stepKinds } from './index.ts';

let bench: Bench;
let server: Server | undefined;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => {
  bench.close();
  server?.close();
  server = undefined;
});

const run = (mode: 'real' | 'drill', ...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: { ...environmentIn(bench.folder), ephemeral: mode === 'drill' },
    mode,
    tools: bench.tools,
    incident: brokeNow(),
  });

/** Answers 503 until `healthyAfterMs` have passed. */
/** Healthy so long after the first question. */
async function serve(healthyAfterMs: number): Promise<string> {
  let beganMs: number | undefined;
  server = createServer((_, response) => {
    beganMs ??= systemClock.elapsed();
    response.statusCode = systemClock.elapsed() - beganMs < healthyAfterMs ? 503 : 200;
    response.end('hello');
  });
  return `http://127.0.0.1:${await listening(server)}/health`;
}

async function listening(on: Server): Promise<number> {
  await new Promise<void>((resolve) => on.listen(0, '127.0.0.1', resolve));
  return (on.address() as AddressInfo).port;
}

/** A port that nobody listens on any more. */
async function closedPort(): Promise<number> {
  const short = createServer();
  const port = await listening(short);
  await new Promise((resolve) => short.close(resolve));
  return port;
}

describe('a kind of which a drill exercises nothing', () => {
  const written: Readonly<Record<string, unknown>> = {
    backup: 'orders',
    notify: { channel: 'console', text: 'It is over.' },
    approve: { by: ['lead'], question: 'Turn it?' },
    manual: 'See that orders arrive',
    promote: 'orders',
    replicate: { from: 'far', to: 'near' },
    policy: { asset: 'orders', every: '5m' },
    provision: { what: 'the cluster', by: 'terraform', folder: 'infra' },
    call: { drill: 'weekly' },
    commit: '30m',
  };
  it.each(stepKinds.filter(({ inBubble }) => inBubble === 'nothing').map(({ kind }) => kind))(
    '%s is left out there, and says that it was not exercised',
    async (kind) => {
      const { steps } = await run('drill', stepOf('act', kind, written[kind]));
      expect(steps[0]).toMatchObject({ state: 'skipped', summary: expect.stringMatching(/^not exercised: /) });
    },
  );
});

describe('exec', () => {
  it('that fails says the last lines that hold something', async () => {
    const failing = ['sh', '-c', 'printf "one\n\nit is over\n\n" >&2; exit 3'];
    const { steps } = await run('real', stepOf('fails', 'exec', failing));
    expect(steps[0]?.summary).toBe('sh ended with exit code 3: one / it is over');
  });
});

describe('check', () => {
  it('is green when the world is as expected, and red with what was seen when not', async () => {
    const url = await serve(0);
    const result = await run(
      'real',
      stepOf('good', 'check', { http: url, expect: 'status == 200' }),
      stepOf('bad', 'check', { http: url, expect: 'status == 404' }),
    );
    expect(result.steps.map(({ state }) => state)).toEqual(['done', 'failed']);
    expect(result.steps[1]).toMatchObject({ code: 'check.failed' });
    expect(result.steps[1]?.summary).toContain('200');
  });

  it('is red when nobody answers', async () => {
    const result = await run('real', stepOf('gone', 'check', { tcp: `127.0.0.1:${await closedPort()}` }));
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'check.failed' });
  });

  it('does not ask anything outside while it is drilled', async () => {
    const result = await run('drill', stepOf('out', 'check', { http: 'https://shop.example/health' }));
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'drill.bubble' });
  });

  it.each([
    ['a log', { logs: { of: 'shop', file: '/etc/passwd', pattern: 'nobody' } }],
    ['a file', { file: '/etc/passwd' }],
    ['a database', { sql: { query: 'select 1', database: '/var/lib/shop/orders.db' } }],
  ])('does not read %s outside of the bubble while it is drilled', async (_, settings) => {
    const result = await run('drill', stepOf('out', 'check', settings));
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'drill.bubble' });
  });

  it('of a kind that nobody knows fails before it acts as if it were green', async () => {
    const result = await run('real', stepOf('odd', 'check', { htp: 'x' }));
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'plan.invalid' });
  });
});

describe('wait', () => {
  it('goes on as soon as its check is green', async () => {
    const url = await serve(300);
    const until = { until: { http: url, expect: 'status == 200' }, every: '50ms', for: '1h' };
    const result = await run('real', stepOf('up', 'wait', until));
    expect(result.verdict).toBe('done');
    expect(Number(result.steps[0]?.outputs['seconds'])).toBeGreaterThanOrEqual(0.25);
    expect(Number(result.steps[0]?.outputs['seconds'])).toBeLessThan(60);
  });

  it('is red when the check does not turn green in time', async () => {
    const url = await serve(60_000);
    const result = await run(
      'real',
      stepOf('up', 'wait', { until: { http: url, expect: 'status == 200' }, every: '50ms', for: '300ms' }),
    );
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'check.failed' });
  });
});

const interrupted = async (settings: unknown): Promise<RunResult> => {
  const incident = brokeNow();
  const snapshot = JSON.parse(JSON.stringify(scenarioOf(stepOf('act', 'exec', settings)))) as Record<string, unknown>;
  const done = await run('real', stepOf('act', 'exec', ['true']));
  const [first] = bench.journal.records({ run: done.run });
  const snapshotHash = contentHash(snapshot);
  bench.journal.append('run.started', { ...first?.data, incident, snapshot, snapshotHash }, { run: 'interrupted' });
  bench.journal.append('step.started', { step: 'act', kind: 'exec', attempt: 1, title: 'act' }, { run: 'interrupted' });
  return resumeRun({ run: 'interrupted', environment: environmentIn(bench.folder), tools: bench.tools });
};

describe('exec after a crash', () => {
  it('asks a person when nothing says whether it took effect', async () => {
    expect((await interrupted(['touch', 'x'])).verdict).toBe('needs-human');
  });

  it('believes the world: what `doneWhen` sees is done, and is not done again', async () => {
    const file = join(bench.folder, 'mark');
    writeFileSync(file, '');
    const result = await interrupted({ run: ['false'], doneWhen: { file: { path: file } } });
    expect(result.steps[0]).toMatchObject({ state: 'done', attempts: 1 });
  });

  it('does it again when `doneWhen` sees that it was not done', async () => {
    const file = join(bench.folder, 'mark');
    const result = await interrupted({ run: ['touch', file], doneWhen: { file: { path: file } } });
    expect(result.steps[0]).toMatchObject({ state: 'done', attempts: 2 });
  });

  it('does what is repeatable again without asking', async () => {
    expect((await interrupted({ run: ['true'], repeatable: true })).steps[0]).toMatchObject({
      state: 'done',
      attempts: 2,
    });
  });
});
