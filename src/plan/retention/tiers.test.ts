import { expect, it } from 'vitest';
import { retentionRules, retentionTiers } from './index.ts';
import { decide, pointAt } from './testing/points.ts';

const keep = {
  forever: true,
  tiers: [
    { after: '1y', class: 'deep', store: 'far' },
    { after: '30d', class: 'cold' },
  ],
};

it('tells the tier of each point by its age, and when the next begins', () => {
  const now = '2026-11-20T12:00:00Z';
  const points = ['2026-11-01T02:00:00Z', '2026-06-01T02:00:00Z', '2024-01-01T02:00:00Z'].map((one) => pointAt(one));
  const decisions = decide(keep, points, now);
  const request = { rulesOf: () => retentionRules(keep), timezone: 'UTC', nowMs: Date.parse(now) };
  const tiers = retentionTiers(decisions, request);
  expect(tiers.map((one) => [one.point.slice(0, 4), one.class, one.store])).toEqual([
    ['2024', 'deep', 'far'],
    ['2026', 'cold', undefined],
    ['2026', undefined, undefined],
  ]);
  expect(tiers[1]?.words).toBe(
    'in the class cold since 2026-07-01 (after 30d); from 2027-06-01 in the class deep of far',
  );
  expect(tiers[2]?.words).toBe('where it was written; from 2026-12-01 in the class cold');
});

it('says nothing of points whose plan has no tiers', () => {
  const decisions = decide({ daily: '3d' }, [pointAt('2026-11-01T02:00:00Z')], '2026-11-20T12:00:00Z');
  const request = { rulesOf: () => retentionRules({ daily: '3d' }), timezone: 'UTC', nowMs: 0 };
  expect(retentionTiers(decisions, request)).toEqual([]);
});
