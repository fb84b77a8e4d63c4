import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { PlanInForce } from './plan-in-force.ts';

const plan = (every: string, more = ''): string => `
lifeboat: 1
plan: shop
domains: { safe: {}, here: {}, there: {} }
objectives: { rto: 1h, rpo: 26h }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: there } }
policies: { daily: { every: ${every}, to: [near] } }
assets: { docs: { type: files, path: ./docs, domain: here, policy: daily } }
${more}
`;

let folder = '';
let file = '';
let written = 1_700_000_000;
/** Each writing is a second later than the one before, however quick the test is. */
async function write(text: string, to = file): Promise<void> {
  await writeFile(to, text);
  written += 1;
  await utimes(to, written, written);
}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-plan-'));
  file = join(folder, 'lifeboat.yaml');
  await write(plan('1d at 02:00'));
});
afterEach(() => rm(folder, { recursive: true }));

const load = (): Promise<PlanInForce> => PlanInForce.load(file, systemClock);
const everyOf = (inForce: PlanInForce): string | undefined => inForce.plan.policies.get('daily')?.every?.[0]?.text;
/** Until the file has stood still. */
async function settle(inForce: PlanInForce): Promise<string> {
  const first = await inForce.look();
  return first === 'same' ? inForce.look() : first;
}

describe('the plan in force', () => {
  it('is changed by a sound file that stands still, and not by one that is still being written', async () => {
    const inForce = await load();
    expect(await settle(inForce)).toBe('same');
    await write(plan('1d at 03:00').slice(0, 200));
    expect(await inForce.look()).toBe('same');
    await write(plan('1d at 03:00'));
    expect(await inForce.look()).toBe('same');
    expect(await inForce.look()).toBe('changed');
    expect(everyOf(inForce)).toBe('1d at 03:00');
    await write(`# nothing but a remark\n${plan('1d at 03:00')}`);
    expect([await settle(inForce), await inForce.look()]).toEqual(['same', 'same']);
  });

  it('stays when the file is broken, another plan, gone, or has an error that it had not before', async () => {
    const inForce = await load();
    const wrong = [
      'lifeboat: [',
      plan('1d at 02:00').replace('plan: shop', 'plan: another'),
      // The key in the domain of what it opens: the linter calls that an error.
      plan(
        '1d at 02:00',
        'scenarios: { gone: { loses: { domains: [safe, here] }, steps: [ { id: back, restore: docs, into: new } ] } }',
      ),
    ];
    for (const text of wrong) {
      await write(text);
      expect(await settle(inForce), text).toBe('refused');
      expect(inForce.refused?.code).toBe('plan.invalid');
      expect(await inForce.look()).toBe('same');
      expect(everyOf(inForce)).toBe('1d at 02:00');
    }
    await rm(file);
    expect(await settle(inForce)).toBe('refused');
    expect(inForce.refused?.code).toBe('plan.missing');
    await write(plan('1d at 04:00'));
    expect(await settle(inForce)).toBe('changed');
    expect(inForce.refused).toBeUndefined();
  });

  it('that has errors from the start is kept to, and may change while no new one comes', async () => {
    const bad =
      'scenarios: { gone: { loses: { domains: [safe, here] }, steps: [ { id: back, restore: docs, into: new } ] } }';
    await write(plan('1d at 02:00', bad));
    const inForce = await load();
    expect(inForce.errors.length).toBeGreaterThan(0);
    await write(plan('1d at 05:00', bad));
    expect(await settle(inForce)).toBe('changed');
  });

  it('sees a file that it includes change, also one that an editor puts in the place of another', async () => {
    await write('policies: { weekly: { every: saturday, to: [near] } }\n', join(folder, 'more.yaml'));
    await write(plan('1d at 02:00', 'include: [more.yaml]'));
    const inForce = await load();
    for (let look = 0; look < 4; look += 1) expect(await inForce.look()).toBe('same');
    await write('policies: { weekly: { every: sunday, to: [near] } }\n', join(folder, 'new'));
    await rename(join(folder, 'new'), join(folder, 'more.yaml'));
    expect(await settle(inForce)).toBe('changed');
    expect(inForce.plan.policies.get('weekly')?.every?.[0]?.text).toBe('sunday');
  });

  it('is looked at in one go when somebody asks for it', async () => {
    const inForce = await load();
    await write(plan('1d at 06:00'));
    expect(await inForce.look(true)).toBe('changed');
  });
});
