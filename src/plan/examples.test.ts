import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registry } from '../app/registry.ts';
import { formatFinding } from './findings.ts';
import { checkPlan } from './load.ts';

const folder = join(import.meta.dirname, '../../examples');
const examples = [
  ...(await readdir(folder)).filter((file) => file.endsWith('.yaml')),
  'failover/lifeboat.yaml',
  'control-plane/lifeboat.yaml',
];

describe('every example', () => {
  test.each(examples)('%s loads without an error, by the kinds of the product', async (example) => {
    const { plan, findings } = await checkPlan(join(folder, example), registry);
    expect(findings.filter(({ severity }) => severity !== 'info').map(formatFinding)).toEqual([]);
    expect(plan?.assets.size).toBeGreaterThan(0);
  });
});

describe('corner-shop.yaml, which uses the whole language', () => {
  test('keeps all that it says, and says nothing that nobody executes', async () => {
    const { plan, findings } = await checkPlan(join(folder, 'corner-shop.yaml'), registry);
    expect(findings).toEqual([]);
    expect(plan?.objectives).toEqual({ rtoMs: 3_600_000, rpoMs: 900_000 });
    expect(plan?.domains.get('racks')).toEqual({ name: 'racks', parent: 'north' });
    expect(plan?.drills.get('weekly_restore')).toMatchObject({
      restore: 'random',
      in: 'bubble',
      expect: { rtoMs: 1_800_000, health: true },
    });
    expect(plan?.drills.get('from_corruption')).toMatchObject({
      scenario: 'orders_corrupted',
      expect: { rpoMs: 60_000, lost: 0 },
    });
    expect(plan?.scenarios.get('orders_corrupted')?.steps.map(({ id }) => id)).toEqual([
      'stop_writers',
      'bring_back',
      'looks_right',
      'second_pair_of_eyes',
      'point_the_shop',
      'start_writers',
      'tell_people',
    ]);
    expect(plan?.contacts.get('duty')).toMatchObject({ role: 'on_call', backup: 'lead' });
    expect(plan?.severities.get('P1')).toMatchObject({
      respondMs: 900_000,
      updatesMs: 1_800_000,
      escalate: [
        { role: 'on_call', afterMs: 0 },
        { role: 'platform_lead', afterMs: 900_000 },
      ],
    });
    expect(plan?.review.every?.map(({ text }) => text)).toEqual(['quarterly']);
    expect(plan?.policies.get('continuous')?.keeps).toMatchObject({ weeklyMs: 90 * 86_400_000, atLeast: 7 });
    expect(plan?.excluded.get('tls_certificates')).toBe('reissued by ACME within minutes');
  });
});
