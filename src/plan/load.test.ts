import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isLifeboatError } from '../core/index.ts';
import { limits } from '../core/index.ts';
import { PlanError } from './findings.ts';
import { checkPlan, loadPlan } from './load.ts';
import { errorsIn, planOf, smallPlan } from './testing/check-text.ts';
import { testKinds } from './testing/kinds.ts';

describe('a plan of a few lines', () => {
  test('loads as a user writes it, with defaults for all it leaves out', () => {
    const plan = planOf(smallPlan);
    expect(plan.name).toBe('small');
    expect(plan.timezone).toBe('UTC');
    expect([...plan.domains.keys()]).toEqual(['safe']);
    expect(plan.assets.get('documents')).toMatchObject({
      type: 'files',
      policy: undefined,
      settings: { path: './documents' },
    });
    expect(plan.stores.get('near')).toMatchObject({ type: 'fs', domain: 'safe', settings: { path: './stores/near' } });
    expect(plan.keys.get('main')).toMatchObject({ passphrase: { env: 'LB_PASS' }, recipients: [] });
  });

  test('has a bubble for its drills without declaring one', () => {
    expect(planOf(smallPlan).environments.get('bubble')).toMatchObject({ ephemeral: true, protected: false });
  });

  test('reads secret files relative to its own folder', () => {
    const plan = planOf(smallPlan.replace('{ env: LB_PASS }', '{ file: secrets/pass }'));
    expect(plan.keys.get('main')?.passphrase).toEqual({ file: join(plan.folder, 'secrets/pass') });
  });
});

describe('secrets in plain sight', () => {
  test.each([
    ['a passphrase', smallPlan.replace('{ env: LB_PASS }', 'correct-horse-battery'), 3],
    [
      'a password inside an address',
      smallPlan.replace(
        'type: files, path: ./documents',
        'type: postgres, url: "postgresql://app:correct-horse-battery@db/x"',
      ),
      5,
    ],
    [
      'an age identity',
      smallPlan.replace('domain: safe } }\nstores', 'identity: AGE-SECRET-KEY-1CORRECT-HORSE-BATTERY } }\nstores'),
      3,
    ],
  ])('%s is an error that does not repeat it', (_, text, line) => {
    const errors = errorsIn(text);
    expect(errors).toEqual([expect.stringMatching(new RegExp(`^plan\\.yaml:${line}:\\d+ plan\\.plain_secret`))]);
    expect(errors.join()).not.toMatch(/horse/i);
  });

  test('a source that names no secret, and an address without password, are fine', () => {
    const text = smallPlan.replace('type: files, path: ./documents', 'type: postgres, url: "postgresql://app@db/x"');
    expect(errorsIn(text)).toEqual([]);
  });
});

describe('files on disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-plan-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const written = async (content: string | Buffer): Promise<string> => {
    const file = join(folder, 'lifeboat.yaml');
    await writeFile(file, content);
    return file;
  };

  test('a plan that is not there is plan.missing, with what to do', async () => {
    const error = await loadPlan(join(folder, 'none.yaml'), testKinds).catch((caught: unknown) => caught);
    expect(isLifeboatError(error, 'plan.missing')).toBe(true);
    expect(error).toMatchObject({ hint: expect.stringContaining('lifeboat init') as string });
  });

  test('a folder is not a plan', async () => {
    await expect(loadPlan(folder, testKinds)).rejects.toMatchObject({ code: 'input.file' });
  });

  test('bytes that are not UTF-8, and files too large for a plan, are refused', async () => {
    expect((await checkPlan(await written(Buffer.from([0x61, 0xff, 0xfe])), testKinds)).findings[0]?.code).toBe(
      'plan.unreadable',
    );
    expect(
      (await checkPlan(await written(Buffer.alloc(limits.planBytesMax + 1, 0x20)), testKinds)).findings[0]?.code,
    ).toBe('plan.unreadable');
  });

  test('a wrong plan is thrown as plan.invalid with all its findings', async () => {
    const error = await loadPlan(await written('lifeboat: 1\n'), testKinds).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(PlanError);
    expect((error as PlanError).code).toBe('plan.invalid');
    expect((error as PlanError).findings).toHaveLength(4);
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      code: 'plan.invalid',
      findings: expect.any(Array) as unknown,
    });
  });
});

describe('what the language knows but nothing executes yet', () => {
  test('loads, is kept, and is told as info with its place', () => {
    const text = `${smallPlan.replace('near:', 'far: { type: s3, bucket: b, lock: 7d }, near:')}policies: { p: { every: 1d, copy: { to: [far] } } }\n`;
    const plan = planOf(text);
    expect(plan.stores.get('far')).toMatchObject({ type: 's3', lockMs: 7 * 86_400_000 });
    expect(plan.policies.get('p')?.copy).toEqual({ to: ['far'] });
  });
});

describe('steps', () => {
  test('keep what stands under and beside their key as written, with their place', () => {
    const plan = planOf(`${smallPlan}scenarios:
  lost:
    steps:
      - id: back
        restore: documents
        at: "\${incident.lastGood}"
        into: new
        budget: 10m
        retry: { times: 2, pause: 5s }
      - parallel: { limit: 2, steps: [{ exec: [ls] }, { wait: 1s }] }
`);
    const [back, both] = plan.scenarios.get('lost')?.steps ?? [];
    expect(back).toMatchObject({
      id: 'back',
      kind: 'restore',
      settings: 'documents',
      siblings: { at: '${incident.lastGood}', into: 'new' },
      budgetMs: 600_000,
      retry: { times: 2, pauseMs: 5000 },
      place: { line: 9, column: 9, path: 'scenarios.lost.steps[0]' },
    });
    expect(both).toMatchObject({ id: 'parallel_2', kind: 'parallel', settings: { limit: 2 } });
    expect(both?.steps.map(({ id, kind }) => [id, kind])).toEqual([
      ['exec_2_1', 'exec'],
      ['wait_2_2', 'wait'],
    ]);
  });
});

test.each([
  ['provision: { what: a circuit, by: people, who: netwrok }', 'netwrok'],
  ['provision: { what: a circuit, by: people, who: [netwrok] }', 'netwrok'],
  ['provision: { what: a table, by: sql, asset: documnets, look: select 1, make: select 2 }', 'documnets'],
])('a step names people and assets that there are: %s', (step, name) => {
  const contacts = 'contacts: { wire: { role: network } }';
  const errors = errorsIn(`${smallPlan}${contacts}\nscenarios: { lost: { steps: [{ id: act, ${step} }] } }\n`);
  expect(errors).toEqual([expect.stringContaining(name)]);
});
