import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { limits, Secret, systemClock } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import { resumeRun, runProcedure, showRun, type RunResult, type StepKind } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { actForAnother } from './for-another.ts';
import type { Elsewhere, StepAnswer, StepPacket } from './packet.ts';
import { linesIn } from '../../testing/lines.ts';

/** A step that gives what nobody may see, as a restored database gives its address. */
const giving: StepKind<string> = {
  kind: 'giving',
  schema: z.string(),
  destructive: false,
  title: () => 'give a secret',
  describe: async () => ({ certainty: 'predicted', text: 'gives' }),
  run: async ({ settings }) => ({
    state: 'done',
    outputs: { open: 'seen', hidden: new Secret(settings).reveal() },
    summary: 'gave it',
  }),
};

/** The same, and it can be asked for it again. */
const keeping: StepKind<string> = {
  ...giving,
  kind: 'keeping',
  run: async (_, context) => {
    context.remember({ kept: true });
    return giving.run({ settings: 'a word kept there' } as never, context);
  },
  inspect: async ({ remembered }) =>
    remembered['kept'] === true
      ? { state: 'done', outputs: { hidden: new Secret('a word kept there').reveal() }, summary: 'it is there' }
      : 'not-done',
};

/** Two sites, each with its journal; what passes between them is text. */
let here: Bench;
let there: Bench;
let packets: StepPacket[];
let stops: Map<string, AbortController>;
beforeEach(() => {
  const kinds = [giving as StepKind, keeping as StepKind];
  [here, there, packets, stops] = [makeBench({ kinds }), makeBench({ kinds }), [], new Map()];
});
afterEach(() => {
  here.close();
  there.close();
});

const act = async (packet: StepPacket): Promise<StepAnswer> => {
  const stop = new AbortController();
  stops.set(packet.key, stop);
  const request = { packet, environment: async () => there.environment, tools: there.tools, signal: stop.signal };
  return JSON.parse(JSON.stringify(await actForAnother(request))) as StepAnswer;
};
const byText: Elsewhere = {
  site: 'here',
  step: async (_site, packet) => {
    const sent = JSON.parse(JSON.stringify(packet)) as StepPacket;
    packets.push(sent);
    return act(sent);
  },
  stop: async (_site, key) => stops.get(key)?.abort(),
};
const run = (steps: readonly StepDeclaration[], elsewhere = byText, signal?: AbortSignal): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: here.environment,
    mode: 'real',
    tools: { ...here.tools, elsewhere },
    incident: brokeNow(),
    ...(signal === undefined ? {} : { signal }),
  });
const resume = (id: string): Promise<RunResult> =>
  resumeRun({ run: id, environment: here.environment, tools: { ...here.tools, elsewhere: byText } });
const away = (id: string, settings: unknown, more: Partial<StepDeclaration> = {}): StepDeclaration =>
  stepOf(id, 'exec', settings, { site: 'there', ...more });
const written = (id: string, more: Partial<StepDeclaration> = {}): StepDeclaration =>
  away(id, { run: ['sh', '-c', 'echo "$1" >> "$0"', join(there.folder, 'ledger'), id] }, more);
const ledger = (): string[] => linesIn(join(there.folder, 'ledger'));
const summaries = ({ steps }: RunResult): unknown[] => steps.map(({ id, state, summary }) => [id, state, summary]);

describe('a step of another site', () => {
  it('sees what earlier steps gave, gives its own, and stands in the run as any step', async () => {
    const result = await run([
      stepOf('first', 'exec', ['echo', 'one']),
      away('second', ['echo', '${steps.first.stdout} two']),
      stepOf('third', 'exec', ['echo', '${steps.second.stdout} three']),
    ]);
    expect(result.verdict).toBe('done');
    expect(result.steps.map(({ outputs }) => outputs['stdout'])).toEqual(['one', 'one two', 'one two three']);
    expect(packets.map(({ step, attempt }) => [step.id, attempt])).toEqual([['second', 1]]);
    const kinds = there.journal.records({ run: result.run }).map(({ kind }) => kind);
    expect([kinds[0], kinds.at(-1)]).toEqual(['site.started', 'site.finished']);
    expect(kinds.every((kind) => kind.startsWith('site.'))).toBe(true);
  });

  it('that fails is tried again as a new attempt, there', async () => {
    const flag = join(there.folder, 'flag');
    const flaky = away('flaky', {
      run: ['sh', '-c', 'test -e "$0" || { touch "$0"; exit 1; }', flag],
      repeatable: true,
    });
    const result = await run([{ ...flaky, retry: { times: 1, pauseMs: 1 } }]);
    expect([result.verdict, packets.map(({ key }) => key.split('/').at(-1))]).toEqual(['done', ['1', '2']]);
  });

  it('asked for again with the same key is not done again: the answer is the same', async () => {
    await run([written('once')]);
    const [packet] = packets as [StepPacket];
    const again = await act(packet);
    expect(again.finish).toMatchObject({ state: 'done' });
    expect(ledger()).toEqual(['once']);
  });

  it('that was only begun when its worker died is looked at, and where nobody can tell a person decides', async () => {
    const begun = { key: '', step: 'doubt', kind: 'exec', attempt: 1, title: 'doubt' };
    const dying: Elsewhere = {
      ...byText,
      step: async (site, packet, signal) => {
        there.journal.append('site.started', { ...begun, key: packet.key }, { run: packet.run });
        return byText.step(site, packet, signal);
      },
    };
    const waiting = await run([written('doubt')], dying);
    expect(waiting).toMatchObject({ verdict: 'needs-human', questions: [{ step: 'doubt' }] });
    expect(existsSync(join(there.folder, 'ledger'))).toBe(false);
    const answered = await resumeRun({
      run: waiting.run,
      environment: here.environment,
      tools: { ...here.tools, elsewhere: byText },
      answer: { is: 'again', by: 'duty' },
    });
    expect([answered.verdict, ledger()]).toEqual(['done', ['doubt']]);
  });

  it('goes on while the runner that asked is dead, and the next one is given what came of it', async () => {
    const dies = new Error('killed');
    const cut: Elsewhere = {
      ...byText,
      step: async (site, packet, signal) => {
        await byText.step(site, packet, signal);
        throw dies;
      },
    };
    // As if its runner had died before it heard: the record of the end is what it has not.
    const dead = {
      ...here.journal,
      append: (...record: Parameters<typeof here.journal.append>) => {
        if (record[0] === 'step.finished') throw dies;
        return here.journal.append(...record);
      },
      records: here.journal.records.bind(here.journal),
    };
    const workspace = { ...here.workspace, journal: dead };
    const dying = runProcedure({
      run: '01kanelsewhere00000000000',
      scenario: scenarioOf(written('kept')),
      environment: here.environment,
      mode: 'real',
      tools: { ...here.tools, workspace, elsewhere: cut },
      incident: brokeNow(),
    });
    await expect(dying).rejects.toBe(dies);
    expect(showRun(here.journal, '01kanelsewhere00000000000').steps[0]?.state).toBe('running');
    const result = await resume('01kanelsewhere00000000000');
    expect([result.verdict, ledger()]).toEqual(['done', ['kept']]);
  });

  it('ends with its run: whoever cancels that stops it there', async () => {
    const stop = new AbortController();
    const running = run([away('slow', ['sleep', '60'])], byText, stop.signal);
    while (packets.length === 0) await systemClock.sleep(5);
    await systemClock.sleep(100);
    stop.abort();
    const beganMs = systemClock.elapsed();
    expect(summaries(await running)).toEqual([['slow', 'cancelled', expect.any(String)]]);
    expect(systemClock.elapsed() - beganMs).toBeLessThan(limits.stepStopMs);
  });

  it('that goes on beside its run is refused: it would end there with nobody', async () => {
    const policy = stepOf('more', 'policy', { asset: 'orders', every: '5m' }, { site: 'there' });
    const result = await run([policy]);
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'plan.not_executable' });
  });
});

describe('a secret', () => {
  it('that a step gave stays at its site: who needs it elsewhere fails with its name', async () => {
    const result = await run([
      stepOf('tell', 'giving', 'a very secret word'),
      away('see', ['echo', '${steps.tell.open}']),
      away('use', ['echo', '${steps.tell.hidden}']),
    ]);
    expect(result.steps.map(({ state }) => state)).toEqual(['done', 'done', 'failed']);
    expect(result.steps[2]).toMatchObject({ code: 'expression.invalid', summary: expect.stringContaining('hidden') });
    expect(JSON.stringify(packets.map(({ outputs }) => outputs))).not.toContain('very secret');
  });

  it('that a step there gave is there for those behind it at the same site, and for nobody else', async () => {
    const tell = stepOf('tell', 'keeping', 'it', { site: 'there' });
    const used = (id: string, more: Partial<StepDeclaration>): StepDeclaration =>
      stepOf(id, 'exec', ['sh', '-c', 'test $(printf %s "$0" | wc -c) = 17', '${steps.tell.hidden}'], more);
    const result = await run([tell, used('same', { site: 'there' })]);
    expect(summaries(result)).toEqual([
      ['tell', 'done', 'gave it'],
      ['same', 'done', expect.any(String)],
    ]);
    expect(JSON.stringify(packets)).not.toContain('[secret]');
    const other = await run([tell, used('leader', {})]);
    expect(other.steps.map(({ state, code }) => [state, code])).toEqual([
      ['done', undefined],
      ['failed', 'expression.invalid'],
    ]);
  });

  it('that stands in what a step is given is never sent', async () => {
    const secret = new Secret('another secret word');
    const result = await run([away('use', ['echo', secret.reveal()])]);
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'engine.secret' });
    expect(packets).toEqual([]);
  });

  it('that a step there gives does not come back', async () => {
    const answers: StepAnswer[] = [];
    const heard: Elsewhere = {
      ...byText,
      step: async (site, packet, signal) => {
        answers.push(await byText.step(site, packet, signal));
        return answers.at(-1) as StepAnswer;
      },
    };
    const result = await run([stepOf('tell', 'giving', 'the word of there', { site: 'there' })], heard);
    expect([result.verdict, result.steps[0]?.outputs]).toEqual(['done', { open: 'seen' }]);
    expect(JSON.stringify(answers)).not.toContain('the word of there');
  });
});
