import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, startService, type Service } from '../../../core/index.ts';
import type { CheckSpec } from '../../../checks/index.ts';
import { Proxy } from '../../hands/haproxy.ts';
import { resumeRun, type RunResult } from '../../index.ts';
import { act, actingBench, type ActingPlan } from '../../testing/acting.ts';
import { stepOf, type Bench } from '../../testing/bench.ts';
import { fastClock } from '../../testing/fast-clock.ts';
import { handsOf, inputOf, rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { noProxy, startTestProxy, type TestProxy } from '../../testing/real/haproxy.ts';
import { rampStep } from './index.ts';
import { linesIn } from '../../../testing/lines.ts';

let bench: Bench;
afterEach(() => bench.close());

/** Shares are watched for a while each, which nobody has to wait for here. */
const benchWith = (plan: ActingPlan = {}, health: readonly CheckSpec[] = []): Bench => {
  const made = actingBench(plan);
  const shop = { ...made.workspace.plan.services.get('shop'), health };
  const services = new Map([['shop', shop]]) as typeof made.workspace.plan.services;
  const workspace = { ...made.workspace, clock: fastClock(20), plan: { ...made.workspace.plan, services } };
  return { ...made, workspace, tools: { ...made.tools, workspace } };
};
const resume = ({ run: id }: RunResult): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools });
const shell = (script: string, ...words: readonly string[]): Record<string, unknown> => ({
  command: { run: ['sh', '-c', script, ...words] },
});

describe('a ramp by a program', () => {
  const file = (name: string): string => join(bench.folder, name);
  const shares = (): string[] => linesIn(file('all'));
  const ramp = (more: Record<string, unknown> = {}): ReturnType<typeof stepOf> =>
    stepOf('act', 'ramp', {
      service: 'shop',
      each: ['sh', '-c', 'echo "$1" >> "$0/all"; echo "$1" > "$0/now"', bench.folder, '{share}'],
      read: ['cat', file('now')],
      pause: '1s',
      while: [shell('true')],
      ...more,
    });
  /** Not at half the work, unless somebody repaired it. */
  const notAtHalf = (): Record<string, unknown> =>
    shell('test "$(cat "$0")" != 50 -o -e "$1"', file('now'), file('repaired'));
  beforeEach(() => {
    bench = benchWith();
    writeFileSync(file('now'), '0');
  });

  it('lets work in share by share while all that must hold holds', async () => {
    const result = await act(bench, ramp());
    expect([result.verdict, shares()]).toEqual(['done', ['10', '50', '100']]);
    expect(result.steps[0]?.outputs).toMatchObject({ share: 100 });
    expect(rememberedBy(bench, 'act')).toEqual({ image: 0, share: 100 });
  });

  it('goes back to how it was when something is red, and begins anew when it is gone on with', async () => {
    const failed = await act(bench, ramp({ while: [notAtHalf()] }));
    expect(failed.steps[0]).toMatchObject({
      state: 'failed',
      code: 'ramp.red',
      summary: expect.stringContaining('at 50 %'),
    });
    expect(shares()).toEqual(['10', '50', '0']);
    writeFileSync(file('repaired'), '');
    expect((await resume(failed)).verdict).toBe('done');
    expect(shares().slice(3)).toEqual(['10', '50', '100']);
  });

  it('told to wait holds its share until all is green again', async () => {
    const running = act(bench, ramp({ while: [notAtHalf()], red: 'wait' }));
    while (!existsSync(file('all')) || !shares().includes('50')) await bench.workspace.clock.sleep(500);
    await bench.workspace.clock.sleep(3000);
    writeFileSync(file('repaired'), '');
    expect((await running).verdict).toBe('done');
    expect(shares()).toEqual(['10', '50', '100']);
  });

  it('whose runner died goes on at the share it was about to set', async () => {
    const done = await resumeInterrupted(bench, ramp(), { image: 0, share: 50 });
    expect([done.verdict, shares()]).toEqual(['done', ['50', '100']]);
  });

  it('is not done when the share that there is, is another', async () => {
    const deaf = { each: ['true', '{share}'] };
    expect((await act(bench, ramp(deaf))).steps[0]).toMatchObject({ state: 'failed', code: 'check.failed' });
  });

  it('that nobody watches is none', async () => {
    const unwatched = await act(bench, ramp({ while: 'health' }));
    expect(unwatched.steps[0]).toMatchObject({ state: 'failed', code: 'plan.invalid' });
    expect(existsSync(file('all'))).toBe(false);
    bench.close();
    const isThere = { name: 'there', kind: 'command', settings: { run: ['true'] } };
    bench = benchWith({}, [isThere]);
    writeFileSync(file('now'), '0');
    expect((await act(bench, ramp({ while: 'health' }))).verdict).toBe('done');
  });
});

describe.skipIf(noProxy !== undefined)(`a ramp by the weights of a proxy${noProxy ? ` (${noProxy})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-ramp-'));
  let server: TestProxy;
  let proxy: Proxy;
  beforeAll(async () => {
    server = await startTestProxy(folder, { old: 1, other: 2, new: 3 });
    proxy = new Proxy(server.socket, new AbortController().signal);
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const weights = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await proxy.servers('shop')).map(({ name, weight }) => [name, weight]));
  beforeEach(async () => {
    bench = benchWith({ pointers: { traffic: { proxy: 'shop', socket: server.socket } } });
    for (const [name, weight] of Object.entries({ old: 60, other: 20, new: 0 }))
      await proxy.setWeight('shop', name, weight);
  });
  const settings = (more: Record<string, unknown> = {}) => ({
    service: 'shop',
    pointer: 'traffic',
    to: 'new',
    over: ['10%', '100%'],
    pause: '1s',
    while: [shell('true')],
    ...more,
  });

  it('gives one server its share, and the others what is left as it was divided among them', async () => {
    const half = await act(bench, stepOf('act', 'ramp', settings({ over: ['50%'] })));
    expect([half.verdict, await weights()]).toEqual(['done', { old: 38, other: 13, new: 50 }]);
  });

  it('gives it everything in the end, and takes it back in a rollback', async () => {
    expect((await act(bench, stepOf('act', 'ramp', settings()))).verdict).toBe('done');
    expect(await weights()).toEqual({ old: 0, other: 0, new: 100 });
    const input = inputOf(rampStep as never, settings(), rememberedBy(bench, 'act')) as never;
    expect(await rampStep.undo?.(input, handsOf(bench))).toMatchObject({ state: 'done' });
    expect(await rampStep.prove?.(input, handsOf(bench), 'undone')).toMatchObject({ state: 'proved' });
    expect(await weights()).toEqual({ old: 60, other: 20, new: 0 });
  });

  it('does not set what somebody else has changed meanwhile', async () => {
    await proxy.setWeight('shop', 'old', 77);
    const image = { old: 60, other: 20, new: 0 };
    const failed = await resumeInterrupted(bench, stepOf('act', 'ramp', settings()), { image, share: 10 });
    expect(failed.steps[0]).toMatchObject({ state: 'failed', code: 'switch.changed' });
    expect((await weights())['old']).toBe(77);
  });

  it('knows the servers there are', async () => {
    const failed = await act(bench, stepOf('act', 'ramp', settings({ to: 'nobody' })));
    expect(failed.steps[0]).toMatchObject({ code: 'plan.invalid', hint: expect.stringContaining('old, other, new') });
  });
});

describe('a ramp of a service that was fenced', () => {
  let service: Service | undefined;
  afterEach(() => service?.stop());

  it('knows all or nothing: the fence is lifted, and put up again when something is red', async () => {
    const pidFile = join(mkdtempSync(join(tmpdir(), 'lifeboat-ramp-')), 'shop.pid');
    bench = benchWith({ runs: { process: ['sleep', '300'], pidFile } });
    service = await startService(['sleep', '300']);
    writeFileSync(pidFile, `${service.pid}\n`);
    const pid = (): number => Number(readFileSync(pidFile, 'utf8'));
    const ramp = (check: string): ReturnType<typeof stepOf> =>
      stepOf('act', 'ramp', { service: 'shop', pause: '1s', while: [shell(check)] });
    const failed = await act(bench, stepOf('keep', 'fence', 'shop'), ramp('false'));
    expect(failed.steps.map(({ state }) => state)).toEqual(['done', 'failed']);
    expect(existsSync(pidFile) && isAlive(pid())).toBe(false);
    const done = await act(bench, stepOf('keep', 'fence', 'shop'), ramp('true'));
    expect(done.steps.map(({ state, summary }) => `${state} ${summary}`).at(-1)).toContain('done');
    await act(bench, stepOf('keep', 'fence', 'shop'));
    rmSync(join(pidFile, '..'), { recursive: true, force: true });
  });
});
