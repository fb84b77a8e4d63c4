import { describe, expect, it } from 'vitest';
import { finds, findingsIn, said, sound } from '../../testing/lint-text.ts';

const far = 'stores: { far: { type: fs, path: ./far, domain: east } }\n';
const database = (policy: string, more = ''): string =>
  sound(`timezone: Europe/Berlin
${far}policies: { database: { ${policy}, to: [far] } }
assets: { orders: { type: postgres, url: { env: URL }, domain: west, policy: database } }
${more}`);

describe('time.rpo', () => {
  it('adds the gap and the time to take a point, and says both', () => {
    expect(said(database('every: 6h, budget: 12m'), 'time.rpo')).toEqual([
      'the RPO of the plan is 1 h; the newest point of orders can be 6 h 12 min old (a gap of 6 h + 12 min to take it)',
    ]);
  });

  it('is silent when the schedule keeps the promise', () => {
    expect(finds(database('every: 45m, budget: 12m'), 'time.rpo')).toBe(false);
  });

  it('is silent when a stream is seconds behind', () => {
    expect(finds(database('every: 1d, stream: { to: [far] }'), 'time.rpo')).toBe(false);
  });

  it('counts a stream for nothing in a store that gets no points', () => {
    const other = 'stores: { other: { type: fs, path: ./other, domain: east }, ';
    const plan = database('every: 1d, stream: { to: [other] }').replace('stores: { ', other);
    expect(finds(plan, 'time.rpo')).toBe(true);
  });

  it('judges by the service that needs the asset, not by the plan, when it promises something', () => {
    const services = 'services: { archive: { needs: [orders], objectives: { rpo: 24h } } }';
    expect(finds(database('every: 6h', services), 'time.rpo')).toBe(false);
  });

  it('only warns when the promise breaks on the day the clocks change', () => {
    const services = 'services: { archive: { needs: [orders], objectives: { rpo: 24h } } }';
    const found = findingsIn(database('every: 1d at 04:00', services)).filter(({ code }) => code === 'time.rpo');
    expect(found).toMatchObject([{ severity: 'warning', message: expect.stringContaining('25 h') as string }]);
  });

  it('points at the schedule', () => {
    const found = findingsIn(database('every: 6h')).find(({ code }) => code === 'time.rpo');
    expect(found).toMatchObject({ line: 10, path: 'policies.database.every', page: 'docs/rules/time.rpo.md' });
  });
});

describe('time.scenario_rpo', () => {
  const scenario = (rpo: string): string => `services: { shop: { needs: [orders], objectives: { rpo: 26h } } }
scenarios:
  lost: { loses: { assets: [orders] }, objectives: { rto: 2h, rpo: ${rpo} }, steps: [{ restore: orders }, { check: { asset: orders } }] }`;

  it('holds a scenario against the newest point of what it restores', () => {
    expect(said(database('every: 1d', scenario('0s')), 'time.scenario_rpo')).toHaveLength(1);
    expect(finds(database('every: 1d', scenario('26h')), 'time.scenario_rpo')).toBe(false);
  });

  it('counts only the stores that are left', () => {
    const plan = (loses: string): string =>
      sound(`stores: { near: { type: fs, path: ./near, domain: west }, far: { type: fs, path: ./far, domain: east } }
policies: { database: { every: 30m, to: [near], copy: { to: [far], within: 2h } } }
assets: { orders: { type: files, path: ./x, domain: west, policy: database } }
environments: { dr: { domain: east } }
scenarios: { lost: { loses: { ${loses} }, steps: [{ restore: orders }, { check: { asset: orders } }] } }`);
    expect(finds(plan('assets: [orders]'), 'time.scenario_rpo')).toBe(false);
    expect(said(plan('domains: [west]'), 'time.scenario_rpo')[0]).toContain('in far, can be 2 h 30 min old');
  });
});

describe('time.rto_budgets', () => {
  const steps = (text: string, rto = '1h'): string =>
    database(
      'every: 30m',
      `scenarios: { lost: { loses: { assets: [orders] }, objectives: { rto: ${rto} }, steps: [${text}] } }`,
    );

  it('adds the budgets of steps that follow each other', () => {
    const text = '{ id: a, restore: orders, budget: 50m }, { id: b, check: { asset: orders }, budget: 20m }';
    expect(said(steps(text), 'time.rto_budgets')).toEqual([
      'the scenario lost promises 1 h; the steps of lost take 1 h 10 min one after the other (a and b)',
    ]);
    expect(finds(steps(text, '2h'), 'time.rto_budgets')).toBe(false);
  });

  it('counts the slowest of steps that run at once, unless their number is limited', () => {
    const inner = '{ id: a, wait: 40m }, { id: b, wait: 40m }';
    expect(finds(steps(`{ parallel: [${inner}] }`), 'time.rto_budgets')).toBe(false);
    expect(finds(steps(`{ parallel: { steps: [${inner}], limit: 1 } }`), 'time.rto_budgets')).toBe(true);
  });

  it('takes the longest way when needs are stated', () => {
    const text = '{ id: a, wait: 40m }, { id: b, wait: 40m, needs: [] }';
    expect(finds(steps(text), 'time.rto_budgets')).toBe(false);
  });

  it('takes 100 minutes in "2 hours" for no defect', () => {
    expect(finds(steps('{ id: a, wait: 100m }', '2h'), 'time.rto_budgets')).toBe(false);
  });
});

describe('targets of scenarios', () => {
  const scenario = (text: string): string =>
    database('every: 30m', `scenarios: { lost: { ${text}, steps: [{ check: { asset: orders } }] } }`);

  it('time.rto_looser: a scenario that allows more than the plan promises', () => {
    expect(said(scenario('objectives: { rto: 8h }'), 'time.rto_looser')).toEqual([
      'lost allows 8 h, but the plan promises 2 h',
    ]);
    expect(finds(scenario('objectives: { rto: 2h }'), 'time.rto_looser')).toBe(false);
  });

  it('time.expected_too_long: of a range the longer end counts', () => {
    expect(said(scenario('objectives: { rto: 2h }, expected: 2h-3h'), 'time.expected_too_long')).toHaveLength(1);
    expect(finds(scenario('objectives: { rto: 2h }, expected: 1h-2h'), 'time.expected_too_long')).toBe(false);
  });

  it('time.no_target: no objectives anywhere', () => {
    const plan = scenario('trigger: something').replace('objectives: { rto: 2h, rpo: 1h }\n', '');
    expect(said(plan, 'time.no_target')[0]).toContain('no RTO and no RPO');
  });
});

describe('pitfall: DNS TTL and sticky clients', () => {
  const plan = (ttl: string): string =>
    database(
      'every: 30m',
      `services: { shop: { needs: [orders], pointers: { address: { dns: shop.example, ttl: ${ttl} } } } }
scenarios:
  lost:
    loses: { assets: [orders] }
    steps: [{ restore: orders, budget: 1h }, { check: { asset: orders } }, { switch: { service: shop, pointer: address, value: x.example } }]`,
    );

  it('time.dns_ttl: the TTL comes on top of the steps', () => {
    expect(finds(plan('2m'), 'time.dns_ttl')).toBe(false);
    expect(findingsIn(plan('90m'))).toContainEqual(
      expect.objectContaining({ code: 'time.dns_ttl', severity: 'warning' }),
    );
    expect(findingsIn(plan('1d'))).toContainEqual(expect.objectContaining({ code: 'time.dns_ttl', severity: 'error' }));
  });
});
