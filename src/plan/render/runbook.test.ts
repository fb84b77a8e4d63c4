import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runbookHtml } from './html.ts';
import { runbookMarkdown } from './markdown.ts';
import type { Runbook } from './model.ts';
import { runbookOfFile, runbookOfText, textOf, wordsOf } from './testing/rendered.ts';

const examples = join(import.meta.dirname, '../../../examples');
const plans = (await readdir(examples, { recursive: true })).filter(
  (file) => file.endsWith('.yaml') && !/as-(written|it-should-be)\//.test(file),
);

describe.each(plans)('the runbook of examples/%s', (file) => {
  it('has every scenario with every step, every asset and every way to call somebody', async () => {
    const { plan, runbook } = await runbookOfFile(join(examples, file));
    const tree = textOf(runbook, 'tree');
    for (const { name, steps } of plan.scenarios.values()) {
      const page = textOf(runbook, `scenario-${name}`).split('\n');
      expect(page).toEqual(expect.arrayContaining(steps.map(({ id }) => id)));
      expect(tree).toContain(name);
    }
    for (const asset of plan.assets.keys()) expect(textOf(runbook, 'copies')).toContain(asset);
    for (const { phone, external } of plan.contacts.values())
      expect(textOf(runbook, 'people')).toContain(phone ?? external?.account ?? '');
  });

  it('leads nowhere that is not in it, and says nothing that is not a word', async () => {
    const { runbook } = await runbookOfFile(join(examples, file));
    const ids = runbook.sections.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = wordsOf(runbook).flatMap((word) => (typeof word === 'object' && 'to' in word ? [word.to] : []));
    expect(links.filter((link) => !ids.includes(link))).toEqual([]);
    const said = wordsOf(runbook).map((word) => (typeof word === 'string' ? word : JSON.stringify(word)));
    expect(said.filter((text) => /\bundefined\b|\[object|\bNaN\b|Infinity/.test(text))).toEqual([]);
  });

  it('is the same bytes on the same day', async () => {
    const [one, other] = await Promise.all([runbookOfFile(join(examples, file)), runbookOfFile(join(examples, file))]);
    expect(runbookHtml(one.runbook)).toBe(runbookHtml(other.runbook));
    expect(runbookMarkdown(one.runbook)).toBe(runbookMarkdown(other.runbook));
  });
});

const plan = `lifeboat: 1
plan: clinic
timezone: Europe/Berlin
domains: { house: { cellar: {} }, cloud: {}, safe: {} }
objectives: { rto: 4h, rpo: 1h }
keys: { main: { passphrase: { env: CLINIC_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: cloud }
  far: { type: s3, endpoint: { env: S3_ENDPOINT }, bucket: dr, accessKeyId: { env: S3_ID }, secretAccessKey: { env: S3_SECRET }, domain: safe }
policies: { hourly: { every: 30m, to: [near] } }
assets:
  records: { type: postgres, url: { env: RECORDS_URL }, domain: cellar, policy: hourly, checks: [{ name: patients, sql: select count(*) from patients, expect: value > 0 }] }
  certificates: { excluded: issued again within minutes }
services: { desk: { needs: [records], health: [{ http: /health }], objectives: { rto: 2h } } }
environments: { real: { protected: true, services: { desk: { at: https://desk.example } } } }
contacts:
  kim: { role: on_call, phone: "+49 30 1", backup: lee }
  lee: { role: lead, phone: "+49 30 2", backup: kim }
  cloud: { external: { vendor: The cloud, account: "778", priority: critical } }
severities: { P1: { means: nothing works, respond: 15m, escalate: [{ role: on_call, after: 0m }, { role: lead, after: 20m }] } }
checklists:
  quiet: { when: before, items: [tell the front desk] }
  always: { items: [write everything down] }
scenarios:
  cellar_flooded:
    trigger: water in the cellar
    loses: { domains: [house] }
    severity: P1
    checklists: [quiet]
    steps:
      - { id: bring_back, restore: records, at: "\${incident.lastGood}", into: new, budget: 40m }
      - { id: right, check: { asset: records, of: "\${steps.bring_back.url}" }, budget: 5m }
      - { id: certs, exec: [make, "the certs"], needs: [], budget: 10m, destructive: true, undo: none }
      - { id: healthy, check: { service: desk }, needs: [right, certs], budget: 5m }
  desk_slow:
    trigger: the desk is slow
    steps: [{ id: look, look: the load }]
drills: { flood: { scenario: cellar_flooded, every: first saturday at 10:00 } }
waivers: [{ rule: people.no_backup, why: small house, until: 2027-01-01 }]
`;

describe('a runbook', () => {
  const runbook = runbookOfText(plan);
  const page = textOf(runbook, 'scenario-cellar_flooded');

  it('asks for lost places first, and says what each loss stops', () => {
    const tree = textOf(runbook, 'tree');
    expect(tree).toMatch(
      /1\. Is a whole place gone\?[^]*Water in the cellar[^]*stops desk[^]*Does something else[^]*The desk is slow/,
    );
    expect(tree).toMatch(/What is lost\?[^]*records\ndesk\ncellar_flooded/);
  });

  it('says each step in plain words, with the number of the step that it leans on', () => {
    expect(page).toContain('Restore records into a new place, as it was at the last moment whose data is right');
    expect(page).toContain('See that records is right in the url that step 1 gave');
    expect(page).toContain('patients');
  });

  it('spells commands out: our own, and by hand for what only people do', () => {
    expect(page).toContain('lifeboat restore records --to ./restored/records --at TIME --start');
    expect(page).toContain(`make 'the certs'`);
    expect(page).toContain('curl -fsS https://desk.example/health');
    expect(page).toContain('select count(*) from patients;');
  });

  it('gives the times of the critical path, which what runs beside it does not make longer', () => {
    expect(page).toMatch(
      /Critical path[^]*1\nbring back\n40 min\n0:00\n0:40\n[^]*2\nright\n5 min\n0:40\n0:45\n[^]*4\nhealthy\n5 min\n0:45\n0:50/,
    );
    expect(page.split('Critical path')[1]).not.toContain('certs');
    expect(page).toMatch(/Lost at most \(RPO\)\n1 h\n/);
    expect(page).toContain('records, which may lose 1 h: near (newest at worst');
    expect(page).toContain('50 min, if every step keeps its budget');
  });

  it('holds the checklists of the scenario on its page, and those of nobody for everybody', () => {
    expect(page).toMatch(/Before you start\nTell the front desk/);
    expect(textOf(runbook, 'checklists')).toContain('Write everything down');
    expect(textOf(runbook, 'checklists')).not.toContain('front desk');
  });

  it('offers lifeboat recover only where no part is left for people', () => {
    expect(page).toContain('lifeboat recover cellar_flooded --dry-run');
    expect(textOf(runbook, 'scenario-desk_slow')).not.toContain('lifeboat recover');
    expect(textOf(runbook, 'scenario-desk_slow')).toContain('follow it by hand');
  });

  it('names the sources of secrets and where copies and keys are, and nothing that a source holds', () => {
    const copies = textOf(runbook, 'copies');
    expect(copies).toContain('passphrase from the environment variable CLINIC_PASS');
    expect(copies).toContain('secretAccessKey: environment variable S3_SECRET');
    expect(copies).toContain('near beside the plan');
    expect(copies).toContain('issued again within minutes');
  });

  it('gives the next dates in the zone of the plan, from the day on which it is made', () => {
    expect(textOf(runbook, 'drills')).toContain('Sat 5 December 2026, 10:00 (Europe/Berlin)');
    expect(textOf(runbookOfText(plan, '2026-12-06'), 'drills')).toContain('Sat 2 January 2027, 10:00');
  });

  it('says who climbs in after whom, and which account to name outside', () => {
    const people = textOf(runbook, 'people');
    expect(people).toContain('on call (kim) at once, then lead (lee) after 20 min');
    expect(people).toMatch(/The cloud\n778/);
  });

  it('says on its first pages what is known to be wrong with the plan', () => {
    const bad = plan.replace('every: 30m', 'every: 6h');
    expect(textOf(runbookOfText(bad), 'cover')).toContain('known defects');
    expect(textOf(runbookOfText(bad), 'scenario-cellar_flooded')).toContain('older than the RPO');
    expect(textOf(runbookOfText(bad), 'defects')).toContain('time.rpo');
    expect(page).not.toContain('older than the RPO');
  });

  it('begins with one page that is enough to begin', () => {
    expect(runbook.sections[0]).toMatchObject({ id: 'quick' });
    expect(textOf(runbook, 'quick')).toMatch(/\+49 30 1/);
    expect(textOf(runbook, 'quick')).toMatch(/water in the cellar\ncellar_flooded\nP1/);
  });

  it('says that nobody is to be called where the plan names nobody', () => {
    const alone = plan
      .replace(/contacts:\n(?: {2}.*\n)+/, '')
      .replace(/severities: .*\n/, '')
      .replace('    severity: P1\n', '');
    expect(textOf(runbookOfText(alone), 'people')).toContain('names nobody to call');
  });
});

describe('rendered', () => {
  const runbook: Runbook = runbookOfText(plan);

  it('HTML loads nothing, runs nothing, and holds each scenario on a page of its own', () => {
    const page = runbookHtml(runbook);
    expect(page).toContain(`default-src 'none'`);
    expect(page).not.toMatch(/\b(src|href)="(?!#)/);
    expect(page).toMatch(/<section id="scenario-cellar_flooded" class="own-page scenario">/);
    expect(page.match(/<section[^>]* class="own-page scenario">/g)?.length).toBe(2);
  });

  it('Markdown has an anchor for every link', () => {
    const text = runbookMarkdown(runbook);
    const anchors = new Set([...text.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id));
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !anchors.has(link))).toEqual([]);
  });
});
