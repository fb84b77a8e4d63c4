import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Place, type Answer } from './support/lifeboat.ts';

const plan = `
lifeboat: 1
plan: briefed
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LIFEBOAT_PASSPHRASE }, domain: safe } }
stores: { near: { type: fs, path: ./store, domain: safe } }
assets: { docs: { type: files, path: ./data, domain: here } }
environments: { here: { protected: true } }
contacts: { lead: { role: platform_lead }, duty: { role: on_call } }
scenarios:
  lost:
    objectives: { rto: 15m }
    steps:
      - { id: bring_back, restore: docs, into: new, budget: 2m }
      - { id: looks_right, check: { asset: docs, of: "\${steps.bring_back.url}" }, budget: 1m }
      - { id: consent, approve: { by: [platform_lead] } }
      - { id: clear, exec: [rm, -rf, ./leftovers], destructive: true }
      - { id: stay, commit: 30m }
  gone: { steps: [{ id: back, restore: docs, into: new }, { id: never, exec: ["false"] }] }
  proved: { steps: [{ id: weekly, call: { drill: rehearsal } }, { id: said, exec: [echo, "\${steps.weekly.verdict}"] }] }
  refuted: { steps: [{ id: weekly, call: { drill: hopeless } }] }
drills:
  rehearsal: { scenario: lost }
  hopeless: { scenario: gone }
`;

let place: Place;
beforeAll(async () => {
  process.env['LIFEBOAT_PASSPHRASE'] = 'a passphrase for tests';
  place = await Place.make(plan);
  await mkdir(place.path('data'));
  await writeFile(place.path('data', 'letter.txt'), 'what must survive');
  await good('store', 'init');
  await good('backup');
});
afterAll(() => place.remove());

const good = async (...words: string[]): Promise<Record<string, unknown>> => {
  const { exitCode, json, stderr } = await place.run(...words);
  expect({ words, exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return json;
};
interface Run {
  readonly run: string;
  readonly verdict: string;
  readonly steps: readonly { readonly id: string; readonly state: string; readonly outputs: Record<string, unknown> }[];
}
const runOf = ({ json }: Answer): Run => json as unknown as Run;

it('a dry run is a briefing: how sure, how long, who decides, what stays, and that nothing was rehearsed yet', async () => {
  const brief = await good('recover', 'lost', '--dry-run');
  expect(brief).toMatchObject({
    verdict: 'dry',
    environment: 'here',
    certainty: { unknown: 1 },
    budgetMs: 180_000,
    promisedMs: 900_000,
    withoutBudget: ['consent', 'clear'],
    decides: [
      { step: 'consent', who: ['platform_lead'] },
      { step: 'clear', who: [expect.stringContaining('typing its name')] },
    ],
    stays: [{ step: 'clear' }],
  });
  expect(brief['rehearsal']).toBeUndefined();
});

it('after a drill it says when that was, how long each step took, and what a bubble left out', async () => {
  await good('drill', 'rehearsal');
  const { rehearsal, steps } = await good('recover', 'lost', '--dry-run');
  expect(rehearsal).toMatchObject({
    verdict: 'done',
    isSame: true,
    notExercised: [{ step: 'consent' }, { step: 'stay', why: expect.stringContaining('bubble') }],
  });
  expect(steps).toMatchObject([{ id: 'bring_back', last: { mode: 'drill' } }, {}, {}, {}, {}]);
});

it('a step calls a drill: done when it passed, failed with what was not met when it did not', async () => {
  const { steps, ...run } = runOf(await place.run('recover', 'proved', '--yes'));
  expect([run.verdict, steps[0]?.outputs['drill'], steps[1]?.outputs['stdout']]).toEqual(['done', 'rehearsal', 'pass']);
  const refuted = await place.run('recover', 'refuted', '--yes');
  expect(refuted).toMatchObject({ exitCode: 1, json: { steps: [{ code: 'drill.failed' }] } });
});

it('a destructive step waits for its name, typed when the run is gone on with', async () => {
  expect(await place.run('recover', 'lost', '--as', 'duty', '--yes', '--confirm', 'other')).toMatchObject({
    exitCode: 2,
  });
  const waiting = await place.run('recover', 'lost', '--as', 'duty', '--yes');
  const { run } = runOf(waiting);
  await good('run', 'approve', run, '--as', 'lead');
  expect(await place.run('run', 'resume', run)).toMatchObject({
    exitCode: 3,
    json: { questions: [{ step: 'clear', asks: { word: 'confirm' } }] },
  });
  const stop = place.run('run', 'resume', run, '--confirm', 'clear');
  let state = '';
  while (state !== 'running') {
    const shown = (await good('run', 'show', run)) as unknown as { run: Run };
    state = shown.run.steps.find(({ id }) => id === 'stay')?.state ?? '';
  }
  await good('run', 'cancel', run);
  expect((await stop).exitCode).toBe(1);
});
