import { expect, test } from 'vitest';
import { parseText } from './document.ts';
import { initialPlan } from './initial-plan.ts';
import { inspectPlan } from './load.ts';
import { testKinds } from './testing/kinds.ts';

test('the first plan is right as it stands, and says so without a single remark', () => {
  const { plan, findings } = inspectPlan(parseText('lifeboat.yaml', initialPlan({ name: 'my-shop' })), testKinds);
  expect(findings).toEqual([]);
  expect(plan).toMatchObject({ name: 'my-shop', timezone: 'UTC' });
  expect(plan?.drills.get('monthly_rehearsal')).toMatchObject({ scenario: 'data_lost', in: 'bubble' });
});

test('its first line names the schema for editors', () => {
  const [first] = initialPlan({ name: 'x', schema: '../s.json' }).split('\n');
  expect(first).toBe('# yaml-language-server: $schema=../s.json');
});

test('paths with letters that YAML reads its own way are quoted', () => {
  const text = initialPlan({ name: 'x', path: './a: b #c', store: '/mnt/back up', timezone: 'Europe/Berlin' });
  const { plan } = inspectPlan(parseText('lifeboat.yaml', text), testKinds);
  expect(plan?.assets.get('data')?.settings).toEqual({ path: './a: b #c' });
  expect(plan?.stores.get('near')?.settings).toEqual({ path: '/mnt/back up' });
});
