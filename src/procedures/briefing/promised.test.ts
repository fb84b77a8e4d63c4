import { describe, expect, it } from 'vitest';
import type { Plan } from '../../plan/index.ts';
import { promisedFor } from './promised.ts';

const minutes = (count: number): number => count * 60_000;
const service = (name: string, needs: readonly string[], more: object = {}) =>
  [name, { name, needs, rank: undefined, objectives: {}, ...more }] as const;
const plan = {
  objectives: { rtoMs: minutes(240) },
  ranks: new Map([['critical', { rtoMs: minutes(30) }]]),
  domains: new Map([
    ['region', { name: 'region', parent: undefined }],
    ['rack', { name: 'rack', parent: 'region' }],
  ]),
  assets: new Map([['orders', { name: 'orders', domain: 'rack' }]]),
  services: new Map([
    service('shop', ['orders'], { objectives: { rtoMs: minutes(15) } }),
    service('tills', ['shop'], { rank: 'critical' }),
    service('blog', [], { objectives: { rtoMs: minutes(5) } }),
    service('search', [], { domain: 'region', objectives: { rtoMs: minutes(60) } }),
  ]),
} as unknown as Plan;
const promised = (loses: { assets?: string[]; domains?: string[] }, rtoMs?: number) =>
  promisedFor(
    {
      name: 'lost',
      loses: { assets: [], domains: [], ...loses },
      objectives: rtoMs === undefined ? {} : { rtoMs },
    },
    plan,
  ).map(({ of, ms }) => [of, ms / 60_000]);

describe('what a recovery is measured by', () => {
  it('is the promise of each service that stands still, also through others, and that of the scenario, the strictest first', () => {
    expect(promised({ assets: ['orders'] }, minutes(20))).toEqual([
      ['the service shop', 15],
      ['the scenario lost', 20],
      ['the service tills (critical)', 30],
    ]);
  });

  it('counts what stands in a domain that is lost, however deep', () => {
    expect(promised({ domains: ['region'] }).map(([of]) => of)).toEqual([
      'the service shop',
      'the service tills (critical)',
      'the service search',
    ]);
  });

  it('is that of the plan only where nobody else promises anything', () => {
    expect(promised({})).toEqual([['the plan', 240]]);
    expect(promised({}, minutes(1))).toEqual([['the scenario lost', 1]]);
  });
});
