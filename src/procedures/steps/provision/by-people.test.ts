import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../plan/index.ts';
import { briefingOf, describeProcedure, planRollback, resumeRun, runProcedure, say } from '../../index.ts';
import { act } from '../../testing/acting.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';

let bench: Bench;
beforeEach(() => {
  const contacts = new Map([
    ['wire', { role: 'network' }],
    ['duty', { role: 'on_call' }],
  ]);
  bench = makeBench({ plan: { contacts } as unknown as Partial<Plan> });
});
afterEach(() => bench.close());

const settings = { what: 'a circuit', by: 'people', do: 'Order the circuit', who: ['network'] };
const step = stepOf('act', 'provision', settings);
const tell = (run: string, as: string) => say(bench.workspace, { run, word: 'attest', as, user: 'operator' });

describe('provision by people', () => {
  it('stops until one of those who are asked answers for it, and says who that was', async () => {
    const waiting = await act(bench, step, stepOf('behind', 'exec', ['true']));
    expect(waiting.questions).toMatchObject([{ step: 'act', question: expect.stringContaining('Order the circuit') }]);
    expect(() => tell(waiting.run, 'duty')).toThrow('duty is not network');
    tell(waiting.run, 'wire');
    const { environment, tools } = bench;
    const done = await resumeRun({ run: waiting.run, environment, tools });
    expect(done.steps.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(done.steps[0]?.outputs).toMatchObject({ attestedBy: 'wire' });
    expect(planRollback(tools, done.run).scenario.steps).toMatchObject([{ kind: 'manual' }, { kind: 'manual' }]);
  });

  it('is red where a check does not see what they say', async () => {
    const checked = { ...step, verify: [{ kind: 'command', settings: { run: ['false'] } }] };
    const waiting = await act(bench, checked);
    tell(waiting.run, 'wire');
    const { environment, tools } = bench;
    expect((await resumeRun({ run: waiting.run, environment, tools })).steps[0]).toMatchObject({
      code: 'check.failed',
    });
  });

  it('stands in the briefing as what people do, and is not exercised in a drill', async () => {
    const { environment, tools, workspace } = bench;
    const scenario = scenarioOf(step);
    const told = (asked: typeof step) =>
      describeProcedure({ scenario: scenarioOf(asked), environment, tools, incident: brokeNow() });
    const described = await told(step);
    expect(described[0]).toMatchObject({ certainty: 'unknown', text: expect.stringContaining('wire does it') });
    expect(briefingOf(scenario, workspace.plan, described, []).decides).toMatchObject([
      { step: 'act', who: ['network'] },
    ]);
    const one = stepOf('act', 'provision', { ...settings, who: 'network' });
    const brief = briefingOf(scenarioOf(one), workspace.plan, await told(one), []);
    expect(brief.decides).toMatchObject([{ step: 'act', who: ['network'] }]);
    expect(brief.stays).toMatchObject([{ step: 'act' }]);
    const bubble = { ...environment, ephemeral: true };
    const drilled = await runProcedure({ scenario, environment: bubble, mode: 'drill', tools, incident: brokeNow() });
    expect(drilled.steps[0]).toMatchObject({ state: 'skipped', summary: expect.stringContaining('not exercised') });
  });
});
