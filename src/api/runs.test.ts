import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from './client.ts';
import type { Run } from './contract/index.ts';
import { ServedApi, simplePlan } from './testing/served-api.ts';

const plan = `${simplePlan}
environments: { workshop: { domain: here } }
contacts: { duty: { role: on_call }, lead: { role: manager } }
scenarios:
  lost:
    trigger: the folder is gone
    loses: { assets: [docs] }
    objectives: { rto: 30m }
    steps:
      - { id: bring_back, restore: docs, into: new, budget: 10m }
      - { id: agreed, approve: { by: [manager], count: 1 }, budget: 5m }
      - { id: said, exec: [echo, it is back], budget: 1m }
drills:
  rehearsal: { scenario: lost, expect: { rto: 10m } }
`;

let served: ServedApi;
let people: Record<'olaf' | 'ada' | 'lea', Client>;
beforeAll(async () => {
  served = await ServedApi.start(plan);
  await served.account('olaf', 'operator');
  await served.account('ada', 'approver', 'duty');
  await served.account('lea', 'approver', 'lead');
  people = { olaf: await served.person('olaf'), ada: await served.person('ada'), lea: await served.person('lea') };
  const { id } = await people.olaf.operations.backup({ assets: ['docs'] });
  while ((await people.olaf.operations.get(id)).state === 'running') await sleep(50);
});
afterAll(() => served.remove());

async function until(client: Client, run: string, isSo: (run: Run) => boolean): Promise<Run> {
  for (;;) {
    const one = await client.runs.get(run);
    if (isSo(one)) return one;
    await sleep(50);
  }
}

/** Its record says that a run stands still a moment before its runner lets go of it. */
async function onceLetGo<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if ((error as { problem?: { code?: string } }).problem?.code !== 'run.held') throw error;
      await sleep(50);
    }
  }
}

describe('runs over the API', () => {
  it('are briefed first: nothing is executed, and each step says how sure it is', async () => {
    const dry = await people.olaf.runs.start({ what: 'dry', scenario: 'lost' });
    expect(dry).toMatchObject({
      what: 'dry',
      briefing: {
        environment: 'workshop',
        protected: false,
        budgetSeconds: 960,
        promisedSeconds: 1800,
        rehearsal: null,
      },
    });
    expect((await people.olaf.runs.list()).total).toBe(0);
  });

  it('are rehearsed by an operator, with a report as JSON and as a page', async () => {
    const begun = await people.olaf.runs.start({ what: 'drill', drill: 'rehearsal' });
    if (begun.what === 'dry') throw new Error('a drill was asked for');
    const operations = async () =>
      (await people.olaf.operations.list()).operations.find(({ run }) => run === begun.run);
    while ((await operations())?.state === 'running') await sleep(50);
    expect(await operations()).toMatchObject({ kind: 'drill', state: 'done', words: 'passed', by: 'olaf' });
    const run = await people.olaf.runs.get(begun.run);
    expect(run).toMatchObject({
      mode: 'drill',
      drill: 'rehearsal',
      verdict: 'done',
      plannedSeconds: 660,
      forecast: null,
      runner: null,
      requester: { as: null, user: 'account olaf' },
    });
    expect(run.steps.map(({ id, state }) => [id, state])).toEqual([
      ['bring_back', 'done'],
      ['agreed', 'skipped'],
      ['said', 'done'],
    ]);
    expect(run.steps[2]?.output).toEqual(['it is back']);
    const { results } = await people.olaf.drills.list();
    expect(results).toMatchObject([{ run: begun.run, drill: 'rehearsal', verdict: 'pass', rtoTargetSeconds: 600 }]);
    expect(await people.olaf.drills.report(begun.run)).toMatchObject({
      format: 'lifeboat-evidence/1',
      verdict: 'pass',
      askedForBy: 'account olaf',
    });
    const token = served.token('viewer');
    const page = await served.get(`/drills/${begun.run}/report.html`, { authorization: `Bearer ${token}` });
    expect([page.status, page.headers['content-security-policy']]).toEqual([200, expect.stringContaining('sandbox')]);
    expect(page.text).toContain('PASS');
    expect(page.text).toContain('account olaf');
  });

  it('are for real only by an approver who types the name, and go on when somebody else agrees', async () => {
    const real = { what: 'recover', scenario: 'lost', typed: 'lost' } as const;
    await expect(people.olaf.runs.start(real)).rejects.toMatchObject({
      status: 403,
      problem: { code: 'api.forbidden' },
    });
    await expect(people.ada.runs.start({ ...real, typed: 'loss' })).rejects.toMatchObject({
      status: 409,
      problem: { code: 'environment.protected' },
    });
    const begun = await people.ada.runs.start(real);
    if (begun.what === 'dry') throw new Error('a recovery was asked for');
    const waiting = await until(people.ada, begun.run, ({ verdict }) => verdict === 'needs-human');
    expect(waiting).toMatchObject({
      mode: 'real',
      requester: { as: 'duty', user: 'account ada' },
      criticalPath: ['bring_back', 'agreed', 'said'],
      now: [],
      next: ['said'],
      blocked: [{ step: 'agreed', who: ['manager'] }],
      waits: ['agreed'],
      rto: { targetSeconds: 1800 },
      // Nobody has measured it yet: two budgets are left.
      forecast: { measured: [], runs: null, budgeted: ['agreed', 'said'], unknown: [] },
    });
    expect(waiting.steps.map(({ plannedStartSeconds }) => plannedStartSeconds)).toEqual([0, 600, 900]);
    expect(waiting.steps[1]?.asks?.you).toEqual({
      may: false,
      why: 'you started this run: somebody else has to agree',
    });
    expect(waiting.steps[1]?.asks).toMatchObject({ by: ['manager'], who: ['lead'] });
    expect(waiting.waitsForWindow).toBeNull();
    expect(waiting.restored).toMatchObject([
      { step: 'bring_back', asset: 'docs', store: 'near', reachedAt: null, point: expect.stringMatching(/^\w{26}$/) },
    ]);
    // Who asked, who is nobody, and who may not.
    await expect(people.ada.runs.approve(begun.run, {})).rejects.toMatchObject({
      problem: { code: 'people.not_allowed' },
    });
    await expect(served.client('admin').runs.approve(begun.run, {})).rejects.toMatchObject({
      problem: { code: 'people.not_allowed', message: expect.stringContaining('token') },
    });
    await expect(people.olaf.runs.approve(begun.run, {})).rejects.toMatchObject({ problem: { code: 'api.forbidden' } });
    expect((await people.lea.runs.get(begun.run)).may).toEqual(
      expect.arrayContaining(['approve', 'deny', 'resume', 'skip', 'cancel', 'rollback']),
    );
    expect(await people.lea.runs.approve(begun.run, { reason: 'seen it' })).toMatchObject({
      step: 'agreed',
      as: 'lead',
      complete: true,
    });
    expect(await onceLetGo(() => people.olaf.runs.resume(begun.run, {}))).toEqual({ run: begun.run, state: 'going' });
    const done = await until(people.olaf, begun.run, ({ verdict }) => verdict === 'done');
    expect(done).toMatchObject({ resumed: 1, blocked: [], next: [] });
    await expect(onceLetGo(() => people.olaf.runs.resume(begun.run, {}))).rejects.toMatchObject({
      status: 409,
      problem: { code: 'run.not_resumable' },
    });
    const { records } = await served.client('admin').audit({ limit: 100 });
    expect(records.map(({ about }) => about)).toContain(`recover lost: run ${begun.run}`);
    const seen = records.map(({ who, what, outcome }) => `${who} ${what} ${outcome}`);
    expect(seen).toContain('lea POST runs/{run}/approve done');
    expect(seen).toContain('ada POST runs/{run}/approve people.not_allowed');
    expect(seen).toContain('olaf POST runs api.forbidden');
  });

  it('can be left out a step of, cancelled, and looked at before they are taken back', async () => {
    const begun = await people.ada.runs.start({ what: 'recover', scenario: 'lost', typed: 'lost' });
    if (begun.what === 'dry') throw new Error('a recovery was asked for');
    await until(people.ada, begun.run, ({ verdict }) => verdict === 'needs-human');
    const skip = () => people.lea.runs.skip(begun.run, { step: 'agreed', reason: 'no time' });
    await expect(onceLetGo(skip)).rejects.toMatchObject({
      problem: { code: expect.stringMatching(/^(input|run)\./) },
    });
    expect(await people.lea.runs.rollback(begun.run, {})).toMatchObject({ run: null });
    expect(await people.olaf.runs.cancel(begun.run, { reason: 'false alarm' })).toMatchObject({ state: 'cancelled' });
    expect(await people.olaf.runs.get(begun.run)).toMatchObject({ verdict: 'cancelled' });
    const { runs, total } = await people.olaf.runs.list({ mode: 'real', limit: 1 });
    expect([total, runs.map(({ run }) => run)]).toEqual([2, [begun.run]]);
    await expect(people.olaf.runs.get('01kb9c3r8x0000000000000000')).rejects.toMatchObject({ status: 404 });
  });
});
