import { describe, expect, it } from 'vitest';
import type { Plan, Scenario, StepDeclaration } from '../plan/index.ts';
import { scenarioOf, stepOf } from '../procedures/testing/bench.ts';
import { absenceOf, absentIn } from './absence.ts';
import { choicesBy } from './choices.ts';

const plan = {
  contacts: new Map([
    ['duty', { role: 'on_call', backup: 'lead' }],
    ['second', { role: 'on_call' }],
    ['lead', { role: 'platform_lead', backup: 'duty' }],
    ['notary', {}],
  ]),
  severities: new Map([['P1', { notify: ['mail'] }]]),
  escalate: [
    { role: 'on_call', afterMs: 0 },
    { role: 'platform_lead', afterMs: 1 },
  ],
  channels: new Map([
    ['mail', { type: 'smtp', to: ['lead'] }],
    ['hook', { type: 'webhook' }],
  ]),
  keys: new Map([['main', { name: 'main', shares: { of: 3, needed: 2, holders: ['duty', 'lead', 'notary'] } }]]),
} as unknown as Plan;

const approve = (by: string[], count = 1): StepDeclaration => stepOf('consent', 'approve', { by, count });
const scenario = (...steps: readonly StepDeclaration[]): Scenario => scenarioOf(...steps);
const without = (names: string[], of = scenario(approve(['platform_lead'])), changed: Partial<Plan> = {}) =>
  absenceOf({ ...plan, ...changed }, of, names);

describe('a drill without a key person', () => {
  it('steps over who is missing where another one may answer, and names who that is', () => {
    expect(without(['second'], scenario(approve(['on_call', 'lead'])))).toMatchObject({
      nobody: [],
      steppedOver: ['step consent: duty, lead instead of second', 'escalation: duty instead of second'],
    });
  });

  it('finds the step that then waits for ever, and that a backup has no say in it', () => {
    expect(without(['lead']).nobody).toContain(
      'step consent: 1 of platform_lead must answer, and without lead nobody else may (duty stands in, and is not named in `by`)',
    );
  });

  it('finds what people are asked to make, when none of those who are asked is there', () => {
    const make = stepOf('make', 'provision', { what: 'a circuit', by: 'people', who: 'platform_lead' });
    expect(without(['lead'], scenario(make)).nobody).toContainEqual(expect.stringContaining('step make'));
  });

  it('counts nobody as consenting to a run that only they could start', () => {
    const twoLeft = new Map([...plan.contacts].filter(([name]) => name === 'lead' || name === 'duty'));
    const either = scenario(approve(['lead', 'duty']));
    expect(without(['duty'], either, { contacts: twoLeft }).nobody).toContainEqual(
      expect.stringContaining('step consent'),
    );
    // Who only looks after a step by hand may have started the run.
    const byHand = scenario(stepOf('hand', 'manual', { do: 'Look', by: ['lead', 'duty'] }));
    expect(without(['duty'], byHand, { contacts: twoLeft }).nobody).not.toContainEqual(expect.stringContaining('step'));
  });

  it('goes up the escalation, and finds where it ends', () => {
    const quiet = scenario();
    expect(without(['duty', 'second'], quiet).steppedOver).toContain(
      'escalation: on_call has nobody, platform_lead is called (lead)',
    );
    expect(without(['lead'], quiet).nobody).toContain('escalation: behind platform_lead (lead) nobody is called');
  });

  it('finds a message that nobody reads, unless another channel tells it too', () => {
    const urgent = { ...scenario(), severity: 'P1' };
    expect(without(['lead'], urgent).nobody).toContain('channel mail: lead alone read it');
    const told = { ...scenario(stepOf('tell', 'notify', { channel: 'hook' })), severity: 'P1' };
    expect(without(['lead'], told).steppedOver).toContain('channel mail: lead alone read it; hook is told too');
  });

  it('finds a key of which too few shares are left', () => {
    expect(without(['lead'], scenario()).steppedOver).toContain('key main: 2 of 3 holders are left, 2 are needed');
    expect(without(['lead', 'duty'], scenario()).nobody).toContain('key main: 1 of 3 holders are left, 2 are needed');
  });

  it('says nothing of people who are not needed', () => {
    expect(without(['notary'], scenario(), { keys: new Map() })).toEqual({
      absent: ['notary'],
      steppedOver: [],
      nobody: [],
    });
  });

  it('may choose by chance who is absent: one of those whom it needs, the same by the same seed', () => {
    const of = scenario(approve(['platform_lead']));
    const chosen = new Set(
      Array.from({ length: 50 }, (_, at) => absentIn(plan, { absent: 'random' }, of, choicesBy(`${at}`))[0]),
    );
    expect([...chosen].toSorted()).toEqual(['duty', 'lead', 'second']);
    expect(absentIn(plan, { absent: 'random' }, of, choicesBy('x'))).toEqual(
      absentIn(plan, { absent: 'random' }, of, choicesBy('x')),
    );
    expect(absentIn(plan, {}, of, choicesBy())).toEqual([]);
  });
});
