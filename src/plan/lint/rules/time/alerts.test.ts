import { describe, expect, it } from 'vitest';
import { finds, said, sound } from '../../testing/lint-text.ts';

const plan = (more: string, every = '30m'): string =>
  sound(`stores: { far: { type: fs, path: ./far, domain: east } }
policies: { database: { every: ${every}, to: [far] } }
assets: { orders: { type: postgres, url: { env: URL }, domain: west, policy: database } }
scenarios: { lost: { loses: { assets: [orders] }, steps: [{ restore: orders }, { check: { asset: orders } }] } }
${more}`);

describe('time.alert_too_eager', () => {
  const drill = (every: string, olderThan: string): string =>
    plan(`drills: { monthly: { scenario: lost, every: ${every}, expect: { rto: 2h } } }
alerts: { no_drill: { kind: freshness, watch: { drill: any }, olderThan: ${olderThan}, for: 0m } }`);

  it('finds that first saturdays are 35 days apart, and counts how often', () => {
    expect(said(drill('first saturday at 10:00', '30d'), 'time.alert_too_eager')).toEqual([
      'no_drill rings after 30 days, but the drill monthly (first saturday at 10:00) comes up to 35 days apart: a false alarm in 41 of 119 gaps',
    ]);
  });

  it('finds the same for last fridays', () => {
    expect(finds(drill('last friday', '30d'), 'time.alert_too_eager')).toBe(true);
  });

  it('is silent beyond the longest gap', () => {
    expect(finds(drill('first saturday at 10:00', '35d'), 'time.alert_too_eager')).toBe(false);
    expect(finds(drill('last friday', '36d'), 'time.alert_too_eager')).toBe(false);
  });

  it('adds what the alert waits before it rings', () => {
    const alert = (held: string): string =>
      plan(
        `alerts: { stale: { kind: freshness, watch: { asset: orders }, olderThan: 24h, for: ${held} } }`,
        '1d at 02:00',
      );
    expect(finds(alert('1h'), 'time.alert_too_eager')).toBe(false);
    expect(
      finds(
        plan('alerts: { stale: { kind: freshness, watch: { asset: orders }, olderThan: 20h } }', '1d'),
        'time.alert_too_eager',
      ),
    ).toBe(true);
  });

  it('judges how young a verification wants points to be', () => {
    const verify = (youngerThan: string): string =>
      plan('').replace('every: 30m', `every: 1d at 02:00, verify: { every: 1d, youngerThan: ${youngerThan} }`);
    expect(finds(verify('23h'), 'time.alert_too_eager')).toBe(true);
    expect(finds(verify('26h'), 'time.alert_too_eager')).toBe(false);
  });
});

describe('time.no_threshold', () => {
  it('wants a number for freshness, schedules and drills', () => {
    expect(
      said(plan('alerts: { fresh: { kind: freshness, watch: { asset: orders } } }'), 'time.no_threshold'),
    ).toHaveLength(1);
    expect(said(plan('drills: { quarterly: { scenario: lost, every: quarterly } }'), 'time.no_threshold')).toHaveLength(
      1,
    );
    expect(said(plan('').replace('every: 30m, ', ''), 'time.no_threshold')).toHaveLength(1);
    expect(
      finds(
        plan('alerts: { fresh: { kind: freshness, watch: { asset: orders }, olderThan: 2h } }'),
        'time.no_threshold',
      ),
    ).toBe(false);
  });
});

it('time.no_threshold: a promise for an asset that no policy protects', () => {
  const text = plan('services: { shop: { needs: [orders], objectives: { rpo: 1h } } }').replace(
    ', policy: database }',
    ' }',
  );
  expect(said(text, 'time.no_threshold')[0]).toContain('nothing says how often points of orders are taken');
});

describe('time.two_cadences', () => {
  it('finds a script that runs in another rhythm than its policy', () => {
    const artifact = (every: string): string =>
      plan('', '6h').replace('policy: database }', `policy: database, artifacts: { dump: { every: ${every} } } }`);
    expect(said(artifact('1d'), 'time.two_cadences')).toEqual([
      'orders is backed up every 6 h by the policy database, but its dump is made every 24 h',
    ]);
    expect(finds(artifact('6h'), 'time.two_cadences')).toBe(false);
  });

  it('asks about restores of one asset in two rhythms, unless they are told apart', () => {
    const drills = (weekly: string, monthly: string): string =>
      plan(
        `drills: { weekly: { restore: orders, every: saturday${weekly} }, monthly: { restore: orders, every: monthly${monthly} } }`,
      );
    expect(finds(drills('', ''), 'time.two_cadences')).toBe(true);
    expect(finds(drills(', expect: { rto: 1h }', ', expect: { rto: 2h }'), 'time.two_cadences')).toBe(false);
  });
});

describe('criteria of drills', () => {
  const drill = (expected: string, every = '6h'): string =>
    plan(`drills: { monthly: { scenario: lost, every: monthly, ${expected} } }`, every);

  it('time.criteria_clash: nothing lost, with points hours apart', () => {
    expect(said(drill('expect: { rpo: 1h, lost: 0 }'), 'time.criteria_clash')).toEqual([
      'monthly allows a loss of 1 h and demands that nothing is lost, but the newest point can be 6 h old',
    ]);
    expect(
      finds(
        drill('expect: { rpo: 1m, lost: 0 }').replace('to: [far]', 'to: [far], stream: { to: [far] }'),
        'time.criteria_clash',
      ),
    ).toBe(false);
  });

  it('time.drill_too_long: one stage alone takes longer than the target', () => {
    const stages = 'stages: [{ name: restore, budget: 30m }, { name: deploy, budget: 20m }], budget: 2h';
    expect(said(drill(`${stages}, expect: { rto: 15m }`), 'time.drill_too_long')).toHaveLength(1);
    expect(finds(drill(`${stages}, expect: { rto: 1h }`), 'time.drill_too_long')).toBe(false);
  });
});
