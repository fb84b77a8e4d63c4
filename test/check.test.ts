import { mkdir, readdir, readFile } from 'node:fs/promises';
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

describe('lifeboat check --live', () => {
  it('ends with 1 while the world is not as the plan says, and with 0 when it is; and makes nothing', async () => {
    process.env['LB_PASS'] = 'a long passphrase for this test';
    place = await Place.make(plan('30m'));
    await mkdir(place.path('data'));
    const before = await place.run('check', '--live', '--timeout', '5s');
    expect(before.exitCode).toBe(1);
    expect(beyondNotes(before.json)).toMatchObject([
      { code: 'live.store_unreachable', severity: 'error', line: 6, page: 'docs/rules/live.store_unreachable.md' },
    ]);
    expect(await readdir(place.folder)).toEqual(['data', 'lifeboat.yaml']);
    await place.run('store', 'init');
    await place.run('backup');
    const after = await place.run('check', '--live');
    expect(beyondNotes(after.json)).toEqual([]);
    expect(after).toMatchObject({ exitCode: 0, json: { ok: true } });
  });

  it('refuses a time that is none', async () => {
    place = await Place.make(plan('30m'));
    expect(await place.run('check', '--live', '--timeout', 'soon')).toMatchObject({ exitCode: 2 });
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

const beyondNotes = (json: Record<string, unknown>): Finding[] =>
  (json['findings'] as Finding[]).filter(({ severity }) => severity !== 'info');
