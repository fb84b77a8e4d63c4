import { describe, expect, it } from 'vitest';
import { finds, said, sound } from '../../testing/lint-text.ts';

const plan = (policy: string, store = ''): string =>
  sound(`stores: { far: { type: s3, bucket: copies, domain: east${store} } }
policies: { database: { every: 30m, to: [far], ${policy} } }
assets: { orders: { type: postgres, url: { env: URL }, domain: west, policy: database } }
`);

describe('keeping.tier_after_end', () => {
  it('finds a tier that begins on the day points are deleted, and names them', () => {
    const found = said(
      plan('keep: { daily: 30d, weekly: 90d, monthly: 1y, tiers: [{ after: 90d, class: glacier }] }'),
      'keeping.tier_after_end',
    );
    expect(found).toEqual([
      'points move to glacier after 90 days, but are deleted before or on that day: daily points after 30 days and weekly points after 90 days',
    ]);
  });

  it('is silent when some points live longer and none ends on that day', () => {
    expect(
      finds(
        plan('keep: { daily: 30d, weekly: 90d, monthly: 1y, tiers: [{ after: 100d, class: glacier }] }'),
        'keeping.tier_after_end',
      ),
    ).toBe(false);
  });
});

describe('keeping.lifecycle_too_short', () => {
  const keep = 'keep: { daily: 30d, tiers: [{ after: 30d, class: glacier, for: 90d }] }';

  it('counts the days that the bucket takes away', () => {
    expect(said(plan(keep, ', lifecycle: [{ after: 90d, expire: true }]'), 'keeping.lifecycle_too_short')[0]).toContain(
      '30 days are missing',
    );
  });

  it('is silent when the bucket keeps long enough', () => {
    expect(finds(plan(keep, ', lifecycle: [{ after: 120d, expire: true }]'), 'keeping.lifecycle_too_short')).toBe(
      false,
    );
  });
});

it('keeping.versions_stay: a versioned bucket needs a rule for old versions', () => {
  const store = ', versioning: true, lifecycle: [{ after: 90d, expire: true }';
  expect(finds(plan('keep: { daily: 30d }', `${store}]`), 'keeping.versions_stay')).toBe(true);
  expect(
    finds(
      plan('keep: { daily: 30d }', `${store}, { after: 7d, expire: true, versions: true }]`),
      'keeping.versions_stay',
    ),
  ).toBe(false);
});

it('keeping.pitr_without_base: the log is worth nothing without a base backup before it', () => {
  expect(finds(plan('stream: { to: [far] }, keep: { daily: 3d, pitr: 7d }'), 'keeping.pitr_without_base')).toBe(true);
  expect(finds(plan('stream: { to: [far] }, keep: { daily: 30d, pitr: 7d }'), 'keeping.pitr_without_base')).toBe(false);
});

describe('pitfall: corruption noticed after good backups expired', () => {
  it('keeping.noticed_too_late: the look comes more seldom than the oldest point lives', () => {
    expect(said(plan('keep: { daily: 30d }, verify: { every: quarterly }'), 'keeping.noticed_too_late')[0]).toContain(
      'every 92 days, but the oldest point of database is 30 days old',
    );
    expect(finds(plan('keep: { daily: 30d }, verify: { every: 1d }'), 'keeping.noticed_too_late')).toBe(false);
  });
});
