import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import {
  describeProcedure,
  resumeRun,
  runProcedure,
  say,
  showRun,
  type RunResult,
  type SayReport,
  type SayRequest,
} from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';

const contacts = new Map([
  ['duty', { role: 'on_call' }],
  ['lead', { role: 'platform_lead' }],
  ['other_lead', { role: 'platform_lead' }],
  ['boss', {}],
]);

let bench: Bench;
/** How far the clock of this test has been turned. */
let aheadMs = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };

beforeEach(() => {
  aheadMs = 0;
  bench = makeBench({ plan: { contacts }, clock });
});
afterEach(() => bench.close());

const requester = { as: 'duty', user: 'operator' };
const run = (...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
    by: requester,
  });
const resume = ({ run: id }: RunResult): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools });
const speak = (
  { run: id }: RunResult,
  as: string,
  word: SayRequest['word'] = 'approve',
  more: Partial<SayRequest> = {},
): SayReport => say(bench.workspace, { run: id, as, word, user: 'account', ...more });
const turn = (by: readonly string[], more = {}): StepDeclaration => stepOf('turn', 'approve', { by, ...more });
const after = stepOf('after', 'exec', ['echo', 'acted']);

describe('approve', () => {
  it('stops before what it guards until one of the role agrees, and says who did', async () => {
    const waiting = await run(turn(['platform_lead'], { question: 'Turn production?' }), after);
    expect(waiting.verdict).toBe('needs-human');
    expect(waiting.steps.map(({ state }) => state)).toEqual(['needs-human', 'pending']);
    expect(waiting.questions).toMatchObject([
      { step: 'turn', question: expect.stringContaining('Turn production?'), asks: { word: 'approve', count: 1 } },
    ]);
    expect((await resume(waiting)).verdict).toBe('needs-human');
    expect(speak(waiting, 'lead')).toMatchObject({ complete: true, agreed: ['lead'] });
    const done = await resume(waiting);
    expect(done.verdict).toBe('done');
    expect(done.steps[0]).toMatchObject({ outputs: { by: ['lead'] }, summary: 'lead agreed' });
    expect(bench.journal.records({ kinds: ['step.said'] })).toMatchObject([
      { data: { step: 'turn', word: 'approve', as: 'lead', role: 'platform_lead', user: 'account' } },
    ]);
  });

  it('needs so many different people: the same one twice is one', async () => {
    const waiting = await run(turn(['platform_lead', 'boss'], { count: 2 }), after);
    speak(waiting, 'lead');
    expect(speak(waiting, 'lead')).toMatchObject({ complete: false, agreed: ['lead'], needed: 2 });
    expect((await resume(waiting)).verdict).toBe('needs-human');
    expect(speak(waiting, 'boss')).toMatchObject({ complete: true });
    expect((await resume(waiting)).verdict).toBe('done');
  });

  it('is not given by whoever asked for the run, also where the role is theirs', async () => {
    const waiting = await run(turn(['on_call', 'lead']), after);
    expect(() => speak(waiting, 'duty')).toThrow(expect.objectContaining({ code: 'people.not_allowed' }));
    expect(bench.journal.records({ kinds: ['step.said'] })).toEqual([]);
    // A record that came another way counts as little.
    const forged = { step: 'turn', word: 'approve', round: 1, as: 'duty', user: 'x', inputs: {} };
    bench.journal.append('step.said', forged, { run: waiting.run });
    expect((await resume(waiting)).verdict).toBe('needs-human');
  });

  it('is not given by others, by strangers, or to a step that does not ask', async () => {
    const waiting = await run(turn(['platform_lead']), after);
    expect(() => speak(waiting, 'boss')).toThrow(expect.objectContaining({ code: 'people.not_allowed' }));
    expect(() => speak(waiting, 'nobody')).toThrow(expect.objectContaining({ code: 'people.not_allowed' }));
    expect(() => speak(waiting, 'lead', 'attest')).toThrow(expect.objectContaining({ code: 'run.not_asked' }));
    expect(() => speak(waiting, 'lead', 'approve', { step: 'after' })).toThrow(
      expect.objectContaining({ code: 'run.not_asked' }),
    );
  });

  it('cannot be evaded by saying that the step is done', async () => {
    const waiting = await run(turn(['platform_lead']), after);
    const answered = (step?: string): Promise<RunResult> =>
      resumeRun({
        run: waiting.run,
        environment: bench.environment,
        tools: bench.tools,
        answer: { is: 'done', by: 'operator', ...(step === undefined ? {} : { step }) },
      });
    await expect(answered('turn')).rejects.toMatchObject({ code: 'run.not_resumable' });
    const still = await answered();
    expect(still.verdict).toBe('needs-human');
    expect(still.steps[1]?.state).toBe('pending');
  });

  it('fails at a no, until the same person thinks again', async () => {
    const waiting = await run(turn(['platform_lead'], { count: 1 }), after);
    expect(speak(waiting, 'other_lead', 'deny', { reason: 'too early' })).toMatchObject({ denied: true });
    speak(waiting, 'lead');
    const failed = await resume(waiting);
    expect(failed).toMatchObject({ verdict: 'failed', steps: [{ code: 'approval.denied' }, { state: 'pending' }] });
    expect(failed.steps[0]?.summary).toContain('too early');
    speak(waiting, 'other_lead');
    expect((await resume(waiting)).verdict).toBe('done');
  });

  it('expires: late words are refused, and what was said before counts no more', async () => {
    const waiting = await run(turn(['platform_lead'], { count: 2, within: '15m' }), after);
    speak(waiting, 'lead');
    aheadMs = 16 * 60_000;
    expect(() => speak(waiting, 'other_lead')).toThrow(expect.objectContaining({ code: 'approval.expired' }));
    const asked = await resume(waiting);
    expect(asked.questions[0]?.asks).toMatchObject({ round: 2 });
    expect(speak(waiting, 'other_lead')).toMatchObject({ complete: false, agreed: ['other_lead'] });
    expect((await resume(waiting)).verdict).toBe('needs-human');
    speak(waiting, 'lead');
    expect((await resume(waiting)).verdict).toBe('done');
  });

  it('that was complete, and is gone on with too late, asks again instead of acting', async () => {
    const waiting = await run(turn(['platform_lead'], { within: '15m' }), after);
    speak(waiting, 'lead');
    aheadMs = 16 * 60_000;
    expect((await resume(waiting)).steps[1]?.state).toBe('pending');
  });

  it('is refused at the start where nobody said who asks', async () => {
    const started = runProcedure({
      scenario: scenarioOf(turn(['platform_lead'])),
      environment: bench.environment,
      mode: 'real',
      tools: bench.tools,
      incident: brokeNow(),
    });
    await expect(started).rejects.toMatchObject({ code: 'input.flag' });
    expect(bench.journal.records()).toEqual([]);
  });

  it('counts the time of waiting as waiting for people', async () => {
    const waiting = await run(turn(['platform_lead']), after);
    aheadMs = 60_000;
    speak(waiting, 'lead');
    const { rto } = await resume(waiting);
    expect(rto.waitingForPeopleMs).toBeGreaterThanOrEqual(60_000);
    expect(rto.waitingForPeopleMs).toBeLessThan(70_000);
  });

  it('is not exercised by a drill, and never counted as done', async () => {
    const drilled = await runProcedure({
      scenario: scenarioOf(turn(['platform_lead']), stepOf('by_hand', 'manual', 'Look'), after),
      environment: { ...environmentIn(bench.folder), ephemeral: true },
      mode: 'drill',
      tools: bench.tools,
      incident: brokeNow(),
    });
    expect(drilled.steps.map(({ state }) => state)).toEqual(['skipped', 'skipped', 'done']);
    expect(drilled.steps[0]?.summary).toContain('not exercised');
  });
});

describe('manual', () => {
  const count = stepOf('count', 'manual', {
    do: 'Count the orders',
    by: ['on_call'],
    asks: { orders: { type: 'number' }, state: { type: 'text', oneOf: ['good', 'bad'] } },
  });
  const uses = stepOf('uses', 'exec', ['echo', '${steps.count.orders + 1} by ${steps.count.attestedBy}']);

  it('waits for what people do, and hands on what they wrote down by its type', async () => {
    const waiting = await run(count, uses);
    expect(waiting.questions[0]).toMatchObject({ question: 'Count the orders. Write down: orders, state.' });
    speak(waiting, 'duty', 'attest', { inputs: { orders: '4711', state: 'good' } });
    const done = await resume(waiting);
    expect(done.verdict).toBe('done');
    expect(done.steps[1]?.outputs['stdout']).toBe('4712 by duty');
  });

  it.each([
    [{ orders: 'many', state: 'good' }],
    [{ orders: '', state: 'good' }],
    [{ orders: '1', state: 'fair' }],
    [{ orders: '1' }],
    [{ orders: '1', state: 'good', more: 'x' }],
  ])('refuses what is not what was asked for: %j', async (inputs) => {
    const waiting = await run(count, uses);
    expect(() => speak(waiting, 'duty', 'attest', { inputs: inputs as Record<string, string> })).toThrow(
      expect.objectContaining({ code: 'input.flag' }),
    );
    expect(showRun(bench.journal, waiting.run).verdict).toBe('needs-human');
  });

  it('fails when people say that it cannot be done', async () => {
    const waiting = await run(count, uses);
    speak(waiting, 'duty', 'deny', { reason: 'no access' });
    expect(await resume(waiting)).toMatchObject({ verdict: 'failed', steps: [{ code: 'step.failed' }, {}] });
  });
});

it('a dry run says who would be asked, and that it would wait for ever where nobody could', async () => {
  const [good, hopeless, hand] = await describeProcedure({
    scenario: scenarioOf(
      turn(['platform_lead']),
      stepOf('never', 'approve', { by: ['on_call'] }),
      stepOf('hand', 'manual', 'Look at the shop'),
    ),
    environment: bench.environment,
    tools: bench.tools,
    incident: brokeNow(),
    requester: 'duty',
  });
  expect(good).toMatchObject({ certainty: 'predicted', text: expect.stringContaining('lead, other_lead') });
  expect(hopeless).toMatchObject({ certainty: 'unknown', text: expect.stringContaining('for ever') });
  expect(hand).toMatchObject({ certainty: 'unknown', text: expect.stringContaining('Look at the shop') });
});
