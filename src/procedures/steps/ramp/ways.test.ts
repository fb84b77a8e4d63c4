import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resumeRun, say, type RunResult } from '../../index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { stepOf, type Bench } from '../../testing/bench.ts';
import { fastClock } from '../../testing/fast-clock.ts';
import { rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { linesIn } from '../../../testing/lines.ts';

let bench: Bench;
const file = (name: string): string => join(bench.folder, name);
beforeEach(() => {
  const made = actingBench({});
  const workspace = { ...made.workspace, clock: fastClock(20) };
  bench = { ...made, workspace, tools: { ...made.tools, workspace } };
  writeFileSync(file('now'), '0');
});
afterEach(() => bench.close());

const shares = (): string[] => linesIn(file('all'));
/** Red at half the work until somebody repairs it, and held there. */
const ramp = () =>
  stepOf('act', 'ramp', {
    service: 'shop',
    each: ['sh', '-c', 'echo "$1" >> "$0/all"; echo "$1" > "$0/now"', bench.folder, '{share}'],
    read: ['cat', file('now')],
    pause: '1s',
    red: 'wait',
    patience: '5s',
    while: [{ command: { run: ['sh', '-c', 'test "$(cat "$0")" != 50 -o -e "$1"', file('now'), file('repaired')] } }],
  });
const behind = () => stepOf('behind', 'exec', ['touch', file('behind')]);
const choose = (run: string, option: string): void =>
  void say(bench.workspace, { run, word: 'choose', as: 'duty', user: 'operator', option });
const resume = ({ run }: RunResult): Promise<RunResult> =>
  resumeRun({ run, environment: bench.environment, tools: bench.tools });

describe('a ramp that was held too long', () => {
  it('asks, and says what each of the three ways means', async () => {
    const waiting = await act(bench, ramp());
    expect(waiting.verdict).toBe('needs-human');
    expect(waiting.questions[0]).toMatchObject({
      question: expect.stringMatching(/held at 50 %, because .*go_on: .* from 50 %\. stay: .*go_back: /),
      asks: { word: 'choose', options: ['go_on', 'stay', 'go_back'] },
    });
    expect(shares()).toEqual(['10', '50']);
  });

  it('goes on from its share when it is told to', async () => {
    const waiting = await act(bench, ramp());
    writeFileSync(file('repaired'), '');
    choose(waiting.run, 'go_on');
    const done = await resume(waiting);
    expect([done.verdict, shares()]).toEqual(['done', ['10', '50', '50', '100']]);
  });

  it('asks anew when it goes on and nothing was repaired: an old word is no answer to a new question', async () => {
    const waiting = await act(bench, ramp());
    choose(waiting.run, 'go_on');
    const again = await resume(waiting);
    expect([again.verdict, again.questions[0]?.asks?.round]).toEqual(['needs-human', 2]);
    choose(again.run, 'stay');
    expect((await resume(again)).verdict).toBe('done');
  });

  it('stays there when it is told to, and the run goes on', async () => {
    const waiting = await act(bench, ramp(), behind());
    choose(waiting.run, 'stay');
    const done = await resume(waiting);
    expect(done.steps[0]).toMatchObject({ state: 'done', outputs: { share: 50 } });
    expect([done.verdict, shares(), existsSync(file('behind'))]).toEqual(['done', ['10', '50'], true]);
  });

  it('stays there also where nothing reads the share: whoever chose it answers for it', async () => {
    const { read: _, ...unread } = ramp().settings as Record<string, unknown>;
    const waiting = await act(bench, stepOf('act', 'ramp', unread), behind());
    choose(waiting.run, 'stay');
    const done = await resume(waiting);
    expect(done.steps[0]).toMatchObject({ state: 'done', summary: expect.stringContaining('duty') });
    expect([done.verdict, existsSync(file('behind'))]).toEqual(['done', true]);
  });

  it('goes back to how it was when it is told to, and nothing behind it begins; gone on with it begins anew', async () => {
    const waiting = await act(bench, ramp(), behind());
    choose(waiting.run, 'go_back');
    const failed = await resume(waiting);
    expect(failed.steps[0]).toMatchObject({ code: 'ramp.red', summary: expect.stringContaining('as before') });
    expect([failed.verdict, shares(), existsSync(file('behind'))]).toEqual(['failed', ['10', '50', '0'], false]);
    writeFileSync(file('repaired'), '');
    expect((await resume(failed)).verdict).toBe('done');
    expect(shares().slice(3)).toEqual(['10', '50', '100']);
  });

  it('that people sent back stays back, however often the plan would try it again', async () => {
    const tried = { ...ramp(), retry: { times: 2, pauseMs: 10 } };
    const waiting = await act(bench, tried);
    choose(waiting.run, 'go_back');
    const failed = await resume(waiting);
    expect([failed.verdict, failed.steps[0]?.code, shares()]).toEqual(['failed', 'ramp.red', ['10', '50', '0']]);
  });

  it('that went back and whose runner died before it could say so stays back, until people go on with it', async () => {
    const waiting = await act(bench, ramp(), behind());
    choose(waiting.run, 'go_back');
    const { run } = await resume(waiting);
    const last = bench.journal.records({ run, kinds: ['step.remembered'] }).at(-1)?.data['facts'];
    writeFileSync(file('repaired'), '');
    const died = await resumeInterrupted(bench, ramp(), last as Record<string, unknown>);
    expect(died.steps[0]).toMatchObject({
      state: 'failed',
      code: 'ramp.red',
      summary: expect.stringContaining('as before'),
    });
    expect(shares()).toEqual(['10', '50', '0']);
    expect((await resume(died)).verdict).toBe('done');
    expect(shares().slice(3)).toEqual(['10', '50', '100']);
  });

  it('whose runner died while it went back goes back to the end, and not on from the share that was red', async () => {
    const { settings } = ramp();
    const script = 'echo "$1" >> "$0/all"; echo "$1" > "$0/now"; test "$1" != 0 -o -e "$0/answers"';
    const each = ['sh', '-c', script, bench.folder, '{share}'];
    const redAtHalf = stepOf('act', 'ramp', { ...(settings as object), each, red: 'back' });
    expect((await act(bench, redAtHalf)).steps[0]).toMatchObject({ state: 'failed', code: 'process.failed' });
    expect(shares()).toEqual(['10', '50', '0']);
    writeFileSync(file('answers'), '');
    writeFileSync(file('repaired'), '');
    const died = await resumeInterrupted(bench, redAtHalf, rememberedBy(bench, 'act'));
    expect(died.steps[0]).toMatchObject({
      state: 'failed',
      code: 'ramp.red',
      summary: expect.stringMatching(/^at 50 % .*as before$/),
    });
    expect(shares()).toEqual(['10', '50', '0', '0']);
    expect((await resume(died)).verdict).toBe('done');
    expect(shares().slice(4)).toEqual(['10', '50', '100']);
  });

  it('whose runner died before anybody chose looks again where it was, and asks in a round of its own', async () => {
    const died = await resumeInterrupted(bench, ramp(), { image: 0, share: 50, asked: 1 });
    expect(died.questions[0]?.asks?.round).toBe(2);
    expect(shares()).toEqual(['50']);
  });
});
