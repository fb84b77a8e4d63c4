import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatFinding } from './findings.ts';
import { checkPlan } from './load.ts';
import { smallPlan } from './testing/check-text.ts';
import { testKinds } from './testing/kinds.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-include-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return join(folder, 'plan.yaml');
}

/** Findings with the folder taken away, so that they read as people see them. */
async function check(files: Readonly<Record<string, string>>) {
  const { plan, findings } = await checkPlan(await write(files), testKinds);
  const errors = findings.filter(({ severity }) => severity === 'error');
  return { plan, errors: errors.map((one) => formatFinding(one).replaceAll(`${folder}/`, '')) };
}

const including = (...files: string[]): string => `${smallPlan}include: [${files.join(', ')}]\n`;

describe('a plan of several files', () => {
  test('is one plan: its sections grow together', async () => {
    const { plan, errors } = await check({
      'plan.yaml': including('parts/stores.yaml', 'parts/people.yaml'),
      'parts/stores.yaml': 'stores: { far: { type: fs, path: ./far } }\n',
      'parts/people.yaml': 'lifeboat: 1\ncontacts: { duty: { role: on_call } }\n',
    });
    expect(errors).toEqual([]);
    expect([...(plan?.stores.keys() ?? [])]).toEqual(['near', 'far']);
    expect(plan?.contacts.get('duty')).toEqual({ role: 'on_call' });
  });

  test('has the hash of the same plan in one file', async () => {
    const split = await check({
      'plan.yaml': including('part.yaml'),
      'part.yaml': 'contacts: { duty: { role: on_call } }\n',
    });
    const whole = await check({ 'plan.yaml': `${smallPlan}contacts: { duty: { role: on_call } }\n` });
    expect(split.plan?.hash).toBe(whole.plan?.hash);
  });

  test('tells a mistake where it stands, in the included file', async () => {
    const { errors } = await check({
      'plan.yaml': including('part.yaml'),
      'part.yaml': '# people\ncontacts:\n  duty: { rol: on_call }\n',
    });
    expect(errors).toEqual([expect.stringMatching(/^part\.yaml:3:11 plan\.unknown_key there is no key "rol"/)]);
  });

  test('tells a reference to nothing where it stands, whichever file declares the rest', async () => {
    const { errors } = await check({
      'plan.yaml': including('part.yaml'),
      'part.yaml': 'scenarios:\n  lost:\n    steps: [{ restore: docments, into: new }]\n',
    });
    expect(errors).toEqual([
      expect.stringMatching(/^part\.yaml:3:24 plan\.unknown_reference .*Did you mean documents\?/),
    ]);
  });

  test('may include further files; all paths are relative to the folder of the plan', async () => {
    const { plan, errors } = await check({
      'plan.yaml': including('a/one.yaml'),
      'a/one.yaml': 'include: [a/two.yaml]\ncontacts: { one: { role: lead } }\n',
      'a/two.yaml': 'contacts: { two: { backup: one } }\n',
    });
    expect(errors).toEqual([]);
    expect([...(plan?.contacts.keys() ?? [])]).toEqual(['one', 'two']);
  });
});

describe('what goes wrong', () => {
  test('one name in two files', async () => {
    const { errors } = await check({
      'plan.yaml': including('part.yaml'),
      'part.yaml': 'stores:\n  near: { type: fs, path: ./other }\n',
    });
    expect(errors).toEqual([
      expect.stringMatching(/^part\.yaml:2:3 plan\.duplicate_name near is declared in plan\.yaml/),
    ]);
  });

  test('what only the plan itself says', async () => {
    const { errors } = await check({ 'plan.yaml': including('part.yaml'), 'part.yaml': 'plan: another\n' });
    expect(errors[0]).toMatch(/^part\.yaml:1:1 plan\.bad_include only the plan itself says its plan/);
  });

  test('a file that is not there', async () => {
    const { errors } = await check({ 'plan.yaml': including('missing.yaml') });
    expect(errors).toEqual([expect.stringMatching(/^plan\.yaml:6:11 plan\.bad_include missing\.yaml cannot be read/)]);
  });

  test.each(['../plan.yaml', '/etc/hostname', 'a/../../x.yaml', '.'])('a path that leads out: %s', async (path) => {
    const { errors } = await check({ 'plan.yaml': including(`"${path}"`) });
    expect(errors).toEqual([expect.stringMatching(/plan\.bad_include .* is outside the folder of the plan/)]);
  });

  test('a link that leads out', async () => {
    await write({ 'inside/plan.yaml': including('link.yaml'), 'secret.yaml': 'contacts: {}\n' });
    await symlink(join(folder, 'secret.yaml'), join(folder, 'inside/link.yaml'));
    const { findings } = await checkPlan(join(folder, 'inside/plan.yaml'), testKinds);
    expect(findings.map(formatFinding)).toEqual([expect.stringMatching(/link\.yaml leads outside the folder/)]);
  });

  test('files that include each other', async () => {
    const { errors } = await check({
      'plan.yaml': including('a.yaml'),
      'a.yaml': 'include: [b.yaml]\n',
      'b.yaml': 'include: [a.yaml]\n',
    });
    expect(errors).toEqual([expect.stringMatching(/^b\.yaml:1:11 plan\.bad_include .*a\.yaml → b\.yaml → a\.yaml/)]);
  });

  test('a plan that includes itself', async () => {
    const { errors } = await check({ 'plan.yaml': including('plan.yaml') });
    expect(errors).toEqual([expect.stringMatching(/plan\.bad_include files include each other in a circle/)]);
  });

  test('an included file that is not YAML', async () => {
    const { errors } = await check({ 'plan.yaml': including('part.yaml'), 'part.yaml': 'contacts: { a\n' });
    expect(errors[0]).toMatch(/^part\.yaml:\d+:\d+ plan\.syntax/);
  });

  test('an include that is no file', async () => {
    const { errors } = await check({ 'plan.yaml': `${smallPlan}include: [{ fil: a }]\n` });
    expect(errors[0]).toMatch(/^plan\.yaml:6:1\d plan\.bad_include this names no file/);
  });

  test('a name that is a trap of JavaScript grows no prototype', async () => {
    await check({
      'plan.yaml': including('part.yaml'),
      'part.yaml': '__proto__: { polluted: true }\nstores: { __proto__: { polluted: true } }\n',
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('parameters of an included file', () => {
  const part = `parameters:
  region: { oneOf: [north, south] }
stores:
  far: { type: fs, path: "./\${parameters.region}/far" }
`;

  test('stand for what the include gives', async () => {
    const { plan, errors } = await check({
      'plan.yaml': `${smallPlan}include: [{ file: part.yaml, with: { region: north } }]\n`,
      'part.yaml': part,
    });
    expect(errors).toEqual([]);
    expect(plan?.stores.get('far')?.settings).toEqual({ path: './north/far' });
  });

  test('without a value are told in their file', async () => {
    const { errors } = await check({ 'plan.yaml': including('part.yaml'), 'part.yaml': part });
    expect(errors[0]).toMatch(/^part\.yaml:2:3 plan\.missing_key the parameter region has no value/);
  });

  test('that are not declared there are told', async () => {
    const { errors } = await check({
      'plan.yaml': `${smallPlan}include: [{ file: part.yaml, with: { region: north, zone: a } }]\n`,
      'part.yaml': part,
    });
    expect(errors).toEqual([expect.stringMatching(/plan\.unknown_reference this file is given a parameter zone/)]);
  });
});
