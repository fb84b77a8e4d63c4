import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Secret } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import { planRollback, rollbackRun, runProcedure, type RunnerTools, type RunResult, type StepKind } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { actForAnother } from './for-another.ts';
import type { Elsewhere, StepAnswer, StepPacket } from './packet.ts';

const word = 'a word that stays there';

/** Keeps a secret word in a file of the place that it is done at, and takes it back only who knows the word. */
const keeping: StepKind<string> = {
  kind: 'keeping',
  schema: z.string(),
  destructive: true,
  title: (name) => `keep ${name}`,
  describe: async () => ({ certainty: 'predicted', text: 'keeps' }),
  run: async ({ settings }, { environment, remember }) => {
    remember({ at: environment.folder });
    writeFileSync(join(environment.folder, settings), word);
    return { state: 'done', outputs: { name: settings, hidden: new Secret(word).reveal() }, summary: 'kept' };
  },
  inspect: async ({ settings, remembered }) => {
    const file = join(String(remembered['at']), settings);
    if (!existsSync(file)) return 'not-done';
    return {
      state: 'done',
      outputs: { name: settings, hidden: new Secret(readFileSync(file, 'utf8')).reveal() },
      summary: 'is kept',
    };
  },
  undo: async ({ settings, outputs, remembered }, { environment }) => {
    if (remembered['at'] !== environment.folder) throw new Error('it was done somewhere else');
    if (outputs?.['hidden'] !== word) throw new Error('the word is not known here');
    writeFileSync(join(environment.folder, `${settings}.undone`), '');
    return { state: 'done', outputs: {}, summary: `took back ${settings}` };
  },
  prove: async ({ settings, remembered }, _, is) => {
    const there = existsSync(join(String(remembered['at']), is === 'done' ? settings : `${settings}.undone`));
    return { state: there ? 'proved' : 'refuted', text: settings };
  },
};

let here: Bench;
let there: Bench;
let packets: StepPacket[];
beforeEach(() => {
  const kinds = [keeping as StepKind];
  [here, there, packets] = [makeBench({ kinds }), makeBench({ kinds }), []];
});
afterEach(() => {
  here.close();
  there.close();
});

/** What passes between the two sites is text. */
const byText: Elsewhere = {
  site: 'here',
  step: async (_site, packet) => {
    const sent = JSON.parse(JSON.stringify(packet)) as StepPacket;
    packets.push(sent);
    const { environment, tools } = there;
    const signal = new AbortController().signal;
    const answer = await actForAnother({ packet: sent, environment: async () => environment, tools, signal });
    return JSON.parse(JSON.stringify(answer)) as StepAnswer;
  },
  stop: async () => {},
};
const engine = { name: 'restate', site: 'here', at: 'http://127.0.0.1:1' };
const hands = (): RunnerTools => ({ ...here.tools, elsewhere: byText });
const run = (...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: here.environment,
    mode: 'real',
    tools: hands(),
    incident: brokeNow(),
    engine,
  });
const takeBack = ({ run: id }: RunResult, tools = hands()): Promise<RunResult> =>
  rollbackRun({ run: id, environment: here.environment, tools, by: { as: undefined, user: 'operator' } });
const kept = (id: string, more: Partial<StepDeclaration> = {}) => stepOf(id, 'keeping', id, { site: 'there', ...more });
const isUndone = (bench: Bench, id: string): boolean => existsSync(join(bench.folder, `${id}.undone`));

describe('what another site did', () => {
  it('is taken back there, by what was remembered there, and with the secret that never left it', async () => {
    const done = await run(kept('ours', { site: 'here' }), kept('theirs'));
    expect(done.verdict).toBe('done');
    const back = await takeBack(done);
    expect(back.steps.map(({ id, state, summary }) => [id, state, summary])).toEqual([
      ['undo_theirs', 'done', 'took back theirs'],
      ['undo_ours', 'done', 'took back ours'],
    ]);
    expect([isUndone(there, 'theirs'), isUndone(here, 'theirs'), isUndone(here, 'ours')]).toEqual([true, false, true]);
    expect(JSON.stringify(packets)).not.toContain(word);
  });

  it('is taken back by the step that the plan gives as its undo, there, which may use the secret', async () => {
    // Of its length: the word itself would be no part of a procedure that can be read back.
    const script = `test $(printf %s "$0" | wc -c) = ${word.length} && echo back > "$1"`;
    const file = join(there.folder, 'undone-by-plan');
    const undoBy = stepOf('undo', 'exec', ['sh', '-c', script, '${steps.theirs.hidden}', file], {
      verify: [{ kind: 'command', settings: { run: ['test', '-e', file] } }],
    });
    const back = await takeBack(await run(kept('theirs', { undoBy })));
    expect(back.steps).toMatchObject([{ id: 'undo_theirs', kind: 'exec', state: 'done' }]);
    expect(existsSync(file)).toBe(true);
  });

  it('is given to a person where nothing reaches that site', async () => {
    const done = await run(kept('theirs'));
    expect(planRollback(here.tools, done.run).scenario.steps).toMatchObject([
      { kind: 'manual', settings: { do: expect.stringContaining('at the site there') } },
    ]);
    expect((await takeBack(done, here.tools)).verdict).toBe('needs-human');
  });

  it('that refuses to be taken back fails there, and says why', async () => {
    const done = await run(kept('theirs'));
    writeFileSync(join(there.folder, 'theirs'), 'another word');
    const back = await takeBack(done);
    expect(back.steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('not known here') });
    expect(isUndone(there, 'theirs')).toBe(false);
  });
});
