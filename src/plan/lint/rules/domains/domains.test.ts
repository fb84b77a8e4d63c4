import { describe, expect, it } from 'vitest';
import { finds, findingsIn, said, sound } from '../../testing/lint-text.ts';

const plan = (changes: Record<string, string> = {}): string => {
  const parts: Record<string, string> = {
    stores: 'near: { type: fs, path: ./near, domain: west }, far: { type: fs, path: ./far, domain: east }',
    policy: 'every: 10m, to: [near], copy: { to: [far], within: 10m }',
    asset: 'domain: west',
    loses: 'domains: [west]',
    steps: '{ id: a, restore: orders }, { check: { asset: orders } }',
    more: '',
    environments: 'production: { domain: west }, dr: { domain: east }',
    ...changes,
  };
  return sound(`stores: { ${parts['stores'] ?? ''} }
policies: { database: { ${parts['policy'] ?? ''} } }
assets: { orders: { type: postgres, url: { env: URL }, policy: database, ${parts['asset'] ?? ''} }${parts['assets'] ?? ''} }
environments: { ${parts['environments'] ?? ''} }
scenarios: { gone: { loses: { ${parts['loses'] ?? ''} }, steps: [${parts['steps'] ?? ''}] } }
${parts['more'] ?? ''}`);
};

it('a sound plan is silent', () => {
  expect(findingsIn(plan())).toEqual([]);
});

describe('pitfall: backups in the same site', () => {
  it('domains.copies_with_source: every copy stands with the asset', () => {
    expect(finds(plan({ policy: 'every: 10m, to: [near]' }), 'domains.copies_with_source')).toBe(true);
    expect(finds(plan({ policy: 'every: 10m, to: [far]' }), 'domains.copies_with_source')).toBe(false);
  });

  it('a store in a room of the domain falls with it', () => {
    const stores = 'near: { type: fs, path: ./near, domain: racks }, far: { type: fs, path: ./far, domain: east }';
    expect(finds(plan({ stores, policy: 'every: 10m, to: [near]' }), 'domains.copies_with_source')).toBe(true);
  });

  it('copies that others keep stand where the plan says that they are kept', () => {
    const kept = (where: string): string =>
      plan().replace(
        /orders: \{.*\n/,
        `orders: { type: external, policy: database, domain: west, from: { x: 1 }${where} } }\n`,
      );
    expect(finds(kept(', keptIn: racks'), 'domains.copies_with_source')).toBe(true);
    expect(said(kept(', keptIn: racks'), 'domains.points_lost')).toEqual([
      'gone loses west, and with it every copy of orders',
    ]);
    expect(findingsIn(kept(', keptIn: [racks, east]'))).toEqual([]);
    expect(said(kept(''), 'domains.unplaced')).toEqual([
      'the copies of orders that others keep name no domain: whether a scenario loses them cannot be judged',
    ]);
    expect(said(kept(', keptIn: eats'), 'domains.unplaced')).toEqual([
      'the copies of orders are kept in eats, which is no domain of the plan',
    ]);
  });

  it('domains.points_lost: a scenario loses every copy', () => {
    expect(said(plan({ policy: 'every: 10m, to: [near]' }), 'domains.points_lost')).toEqual([
      'gone loses west, and with it every copy of orders',
    ]);
    expect(finds(plan({ loses: 'domains: [west, east]' }), 'domains.points_lost')).toBe(true);
  });
});

describe('pitfall: keys locked with the data', () => {
  const key = (domain: string): string => plan().replace('LB_PASS }, domain: safe', `LB_PASS }, domain: ${domain}`);

  it('domains.key_with_data and domains.key_lost', () => {
    expect(finds(key('west'), 'domains.key_with_data')).toBe(true);
    expect(finds(key('west'), 'domains.key_lost')).toBe(true);
    expect(finds(key('east'), 'domains.key_with_data')).toBe(false);
  });

  it('domains.key_beside_copies only remarks', () => {
    expect(findingsIn(key('east'))).toMatchObject([{ code: 'domains.key_beside_copies', severity: 'info' }]);
  });

  it('one key outside is enough', () => {
    const two = plan().replace('keys: {', 'keys: { second: { passphrase: { env: B }, domain: west },');
    expect(finds(two, 'domains.key_with_data')).toBe(false);
  });

  it('domains.secrets_lost: left out, and lost all the same', () => {
    const assets = ', secrets: { excluded: the cloud keeps them, domain: west }';
    expect(said(plan({ assets }), 'domains.secrets_lost')[0]).toContain('secrets (left out: the cloud keeps them)');
    expect(finds(plan({ assets: assets.replace('west', 'safe') }), 'domains.secrets_lost')).toBe(false);
  });
});

describe('pitfall: recovery tools and doors depend on what is lost', () => {
  it('domains.need_lost: documents, clusters, this program and its sign-in', () => {
    const uses = { steps: '{ id: a, restore: orders, uses: [script] }, { check: { asset: orders } }' };
    const script = (domain: string): string =>
      `documents: { script: { kind: script, path: ops/restore.sh, domain: ${domain} } }`;
    expect(said(plan({ ...uses, more: script('west') }), 'domains.need_lost')).toEqual([
      'gone loses west, and with it the document script; a uses it',
    ]);
    expect(finds(plan({ ...uses, more: script('safe') }), 'domains.need_lost')).toBe(false);
    expect(finds(plan({ more: 'tool: { domain: west }' }), 'domains.need_lost')).toBe(true);
    const bySite = (site: string): string =>
      plan({ steps: `{ id: a, restore: orders, site: ${site} }, { check: { asset: orders } }` });
    expect(said(bySite('west'), 'domains.need_lost')).toEqual([
      'gone loses west, and with it the site west; its worker does a',
    ]);
    expect(finds(bySite('safe'), 'domains.need_lost')).toBe(false);
    expect(
      finds(
        plan({ more: 'tool: { domain: safe, signIn: { with: the directory, domain: racks } }' }),
        'domains.need_lost',
      ),
    ).toBe(true);
  });

  it('domains.ground_lost: nowhere to recover into', () => {
    const environments = 'production: { domain: west }';
    expect(finds(plan({ environments }), 'domains.ground_lost')).toBe(true);
    const steps =
      '{ id: p, provision: { what: the region, by: terraform } }, { id: a, restore: orders }, { check: { asset: orders } }';
    expect(finds(plan({ environments, steps }), 'domains.ground_lost')).toBe(false);
  });

  it('domains.personal_place: a script on one laptop', () => {
    const script = (path: string): string => plan({ more: `documents: { script: { kind: script, path: ${path} } }` });
    expect(finds(script('~/ops/restore.sh'), 'domains.personal_place')).toBe(true);
    expect(finds(script('ops/restore.sh'), 'domains.personal_place')).toBe(false);
  });
});

describe('pitfall: the status page on the lost system', () => {
  it('domains.voice_lost: status page and channels', () => {
    const page = (domain: string): string =>
      plan({ more: `incidents: { statusPage: { url: https://status.example, domain: ${domain} } }` });
    expect(finds(page('west'), 'domains.voice_lost')).toBe(true);
    expect(finds(page('safe'), 'domains.voice_lost')).toBe(false);
    const channels = (more: string): string =>
      plan({
        more: `channels: { ops: { type: webhook, url: { env: A }, domain: west${more} }, console_: { type: console } }`,
      });
    expect(finds(channels(''), 'domains.voice_lost')).toBe(true);
    expect(finds(channels(', else: console_'), 'domains.voice_lost')).toBe(false);
  });
});

it('domains.unplaced: what names no domain cannot be judged', () => {
  expect(
    finds(
      plan({
        asset: 'domain: west',
        stores: 'near: { type: fs, path: ./n }, far: { type: fs, path: ./f, domain: east }',
      }),
      'domains.unplaced',
    ),
  ).toBe(true);
});
