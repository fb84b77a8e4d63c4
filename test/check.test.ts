import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Finding, Survival } from '../src/plan/index.ts';
import { Place } from './support/lifeboat.ts';

const plan = (every: string): string => `lifeboat: 1
plan: small
domains: { here: {}, elsewhere: {}, safe: {} }
objectives: { rto: 1h, rpo: 1h }
keys: { main: { passphrase: { env: LB_PASS }, domain: safe } }
stores: { far: { type: fs, path: ./far, domain: elsewhere } }
policies: { files: { every: ${every}, to: [far] } }
assets: { data: { type: files, path: ./data, domain: here, policy: files } }
scenarios:
  gone:
    loses: { domains: [here] }
    steps: [{ id: back, restore: data, into: new, budget: 5m }, { check: { asset: data, of: "\${steps.back.url}" } }]
`;

let place: Place;
afterEach(() => place.remove());

describe('lifeboat check', () => {
  it('ends with 1 when the plan promises what it cannot keep, and names the page of the rule', async () => {
    place = await Place.make(plan('6h'));
    const { exitCode, json } = await place.run('check');
    expect(exitCode).toBe(1);
    const findings = (json['findings'] as Finding[]).filter(({ severity }) => severity === 'error');
    expect(findings).toMatchObject([
      {
        code: 'time.rpo',
        file: expect.stringContaining('lifeboat.yaml') as string,
        line: 7,
        page: 'docs/rules/time.rpo.md',
      },
    ]);
    expect(findings[0]?.message).toContain('6 h');
  });

  it('ends with 0 when it can', async () => {
    place = await Place.make(plan('30m'));
    expect(await place.run('check')).toMatchObject({ exitCode: 0, json: { ok: true, findings: [] } });
  });

  it('says nothing of what a plan means that is wrong in form', async () => {
    place = await Place.make(plan('6h').replace('policy: files', 'polcy: files'));
    const { json } = await place.run('check');
    expect((json['findings'] as Finding[]).every(({ code }) => code.startsWith('plan.'))).toBe(true);
  });
});

describe('lifeboat check --survive', () => {
  it('adds what each loss leaves, and writes the picture', async () => {
    place = await Place.make(plan('30m'));
    const { exitCode, json } = await place.run('check', '--survive', '--svg', 'survival.svg');
    expect(exitCode).toBe(0);
    expect(json['survival'] as Survival[]).toMatchObject([
      { kind: 'scenario', name: 'gone', closes: true, path: 'gone', stepsMs: 300_000 },
      { kind: 'domain', name: 'here', closes: true, path: 'gone' },
      { kind: 'domain', name: 'elsewhere', closes: true },
    ]);
    expect(json['files']).toEqual([place.path('survival.svg')]);
    expect(await readFile(place.path('survival.svg'), 'utf8')).toMatch(/^<svg [^]*gone[^]*<\/svg>\n$/);
  });
});
