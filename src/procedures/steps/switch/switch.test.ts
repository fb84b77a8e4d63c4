import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProcedure, type RunResult } from '../../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { handsOf, inputOf, rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { switchStep } from './index.ts';

let bench: Bench;
afterEach(() => bench.close());

const shop = (pointers: Record<string, unknown>) =>
  new Map([['shop', { name: 'shop', rank: undefined, needs: [], objectives: {}, pointers, health: [] }]]);

/** Where the new address comes from: as in a plan, the procedure itself holds no secret. */
const source = { env: 'SWITCH_TEST_URL' };

const settings = (value: unknown, more: Record<string, unknown> = {}) => ({
  service: 'shop',
  pointer: 'database',
  value,
  ...more,
});

const turn = (
  value: unknown,
  more: Record<string, unknown> = {},
  mode: 'real' | 'drill' = 'real',
): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(stepOf('act', 'switch', settings(value, more))),
    environment: { ...environmentIn(bench.folder), ephemeral: mode === 'drill' },
    mode,
    tools: bench.tools,
    incident: brokeNow(),
  });

const file = (name: string): string => join(bench.folder, name);
const put = (name: string, text: string, mode = 0o640): void => {
  mkdirSync(dirname(file(name)), { recursive: true });
  writeFileSync(file(name), text, { mode });
};
const textOf = (name: string): string => readFileSync(file(name), 'utf8');

const old = 'postgresql://shop:old-password@10.0.0.1/shop';
const fresh = 'postgresql://shop:new-password@10.0.0.2/shop?sslmode=require';

interface Form {
  readonly name: string;
  readonly pointer: Record<string, unknown>;
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const forms: readonly Form[] = [
  {
    name: 'a line of an env file',
    pointer: { env: 'DATABASE_URL', file: 'shop.env' },
    file: 'shop.env',
    before: `# shop\nPORT=80\nexport DATABASE_URL="${old}"\nLAST=1\n`,
    after: `# shop\nPORT=80\nexport DATABASE_URL="${fresh}"\nLAST=1\n`,
  },
  {
    name: 'a key of a YAML file',
    pointer: { file: 'shop.yaml', key: 'database.url' },
    file: 'shop.yaml',
    before: `# ours\ndatabase:\n  url: ${old} # the primary\n  pool: 5\n`,
    after: `# ours\ndatabase:\n  url: ${fresh} # the primary\n  pool: 5\n`,
  },
  {
    name: 'a key of a JSON file',
    pointer: { file: 'shop.json', key: 'database.url' },
    file: 'shop.json',
    before: `{\n    "database": {\n        "url": "${old}"\n    }\n}\n`,
    after: `{\n    "database": {\n        "url": "${fresh}"\n    }\n}\n`,
  },
  { name: 'a secret file', pointer: { file: 'url' }, file: 'url', before: old, after: fresh },
];

it.each(['ssw:0', 'ssh:/w0', '12/w:0', '12?w:0', '12#w:0', 'w@12/w:0', '12?w=0'])(
  'shows nothing of an address whose password (%s) is not written as one there',
  async (password) => {
    bench = makeBench({ plan: { services: shop({ database: { file: 'url' } }) } });
    put('url', `postgresql://clerk:${password}@10.0.0.2/shop`);
    const input = inputOf(switchStep, settings(source)) as never;
    const said = (await switchStep.describe(input, handsOf(bench))).text.split('/url: ').at(-1) ?? '';
    expect(said).toMatch(/^("postgresql:\/\/clerk:\[secret\]@10\.0\.0\.2\/shop"|a value that is not shown) now$/);
  },
);

describe.each(forms)('switch of $name', ({ pointer, file: name, before, after }) => {
  beforeEach(() => {
    bench = makeBench({ plan: { services: shop({ database: pointer }) } });
    put(name, before);
    process.env[source.env] = fresh;
  });

  it.each([
    'postgresql://shop:new-p@ssword@10.0.0.2/shop',
    'postgresql://10.0.0.2:5432/shop?user=a@b&password=new-password',
  ])('shows no part of a password, wherever it stands: %s', async (address) => {
    process.env[source.env] = address;
    const { steps, run } = await turn(source);
    const told = JSON.stringify([steps, bench.journal.records({ run })]);
    expect(steps[0]?.summary).toContain('10.0.0.2');
    expect([told.includes('ssword'), told.includes('new-p')]).toEqual([false, false]);
  });

  it('turns only that, keeps who may read it, and has the passwords nowhere in the journal', async () => {
    const result = await turn(source);
    expect(result.steps[0]).toMatchObject({ state: 'done' });
    expect(result.steps[0]?.summary).toContain('postgresql://shop:[secret]@10.0.0.2');
    expect(textOf(name)).toBe(after);
    expect(statSync(file(name)).mode & 0o777).toBe(0o640);
    const records = JSON.stringify(bench.journal.records());
    expect(records).not.toContain('old-password');
    expect(records).not.toContain('new-password');
  });

  it('taken back says what it said, and a second time the same', async () => {
    await turn(source);
    const input = inputOf(switchStep, settings(source), rememberedBy(bench, 'act'));
    for (const _ of ['first', 'second']) {
      expect(await switchStep.undo?.(input as never, handsOf(bench))).toMatchObject({ state: 'done' });
      expect(textOf(name)).toBe(before);
    }
    expect(await switchStep.prove?.(input as never, handsOf(bench), 'undone')).toMatchObject({ state: 'proved' });
    expect(await switchStep.prove?.(input as never, handsOf(bench), 'done')).toMatchObject({ state: 'refuted' });
  });

  it('is not taken back over what somebody else wrote', async () => {
    await turn(source);
    put(name, after.replace('10.0.0.2', '10.0.0.3'));
    const input = inputOf(switchStep, settings(source), rememberedBy(bench, 'act'));
    expect(await switchStep.undo?.(input as never, handsOf(bench))).toMatchObject({ code: 'switch.changed' });
    expect(textOf(name)).toContain('10.0.0.3');
  });

  it('turns nothing that does not say what is expected', async () => {
    const result = await turn(source, { from: 'postgresql://shop@10.0.0.9/shop' });
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'switch.changed' });
    expect(textOf(name)).toBe(before);
  });

  it('killed before its effect does it, killed after it does it not again, and asks where somebody else wrote', async () => {
    await turn(source);
    const remembered = rememberedBy(bench, 'act');
    const step = stepOf('act', 'switch', settings(source));
    expect((await resumeInterrupted(bench, step, remembered)).steps[0]).toMatchObject({ state: 'done', attempts: 1 });
    put(name, before);
    expect((await resumeInterrupted(bench, step, remembered)).steps[0]).toMatchObject({ state: 'done', attempts: 2 });
    expect(textOf(name)).toBe(after);
    put(name, after.replace('10.0.0.2', '10.0.0.3'));
    expect((await resumeInterrupted(bench, step, remembered)).verdict).toBe('needs-human');
  });
});

describe('switch', () => {
  it('turns a link in one rename, and back', async () => {
    bench = makeBench({ plan: { services: shop({ database: { link: 'current' } }) } });
    symlinkSync('releases/1', file('current'));
    expect((await turn('releases/2')).steps[0]).toMatchObject({
      outputs: { before: 'releases/1', value: 'releases/2' },
    });
    expect(readlinkSync(file('current'))).toBe('releases/2');
    const input = inputOf(switchStep, settings('releases/2'), rememberedBy(bench, 'act'));
    expect(await switchStep.undo?.(input as never, handsOf(bench))).toMatchObject({ state: 'done' });
    expect(readlinkSync(file('current'))).toBe('releases/1');
  });

  it('does not replace a folder by a link', async () => {
    bench = makeBench({ plan: { services: shop({ database: { link: 'current' } }) } });
    mkdirSync(file('current'));
    expect((await turn('releases/2')).steps[0]).toMatchObject({ state: 'failed', code: 'target.unreadable' });
  });

  it('raises and lowers the flag of a read-only mode', async () => {
    bench = makeBench({ plan: { services: shop({ database: { flag: 'read_only', file: 'flags/read-only' } }) } });
    expect((await turn('on')).verdict).toBe('done');
    expect(existsSync(file('flags/read-only'))).toBe(true);
    expect((await turn('off')).verdict).toBe('done');
    expect(existsSync(file('flags/read-only'))).toBe(false);
    expect((await turn('maybe')).steps[0]).toMatchObject({ code: 'plan.invalid' });
  });

  it('of a pointer without a file turns the settings that the environment keeps for the service', async () => {
    bench = makeBench({ plan: { services: shop({ database: { env: 'DATABASE_URL' } }) } });
    expect((await turn(fresh, {}, 'drill')).verdict).toBe('done');
    expect(textOf('settings/shop.env')).toBe(`DATABASE_URL=${fresh}\n`);
    expect(statSync(file('settings/shop.env')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['a file outside the bubble', { file: '/etc/hostname' }],
    ['a record', { dns: 'shop.example', zone: 'shop.example', server: '127.0.0.1:53' }],
    ['a proxy', { proxy: 'shop', socket: '/run/haproxy/admin.sock' }],
    ['a database', { database: 'shop', of: 'orders' }],
  ])('leaves %s alone in a drill, and says that it was not exercised', async (_, pointer) => {
    bench = makeBench({ plan: { services: shop({ database: pointer }) } });
    const result = await turn('anything', {}, 'drill');
    expect(result.steps[0]).toMatchObject({ state: 'skipped' });
    expect(result.steps[0]?.summary).toContain('not exercised');
  });

  it('refuses a pointer that nothing can turn, or that is not there', async () => {
    bench = makeBench({ plan: { services: shop({ database: { discovery: 'shop' } }) } });
    expect((await turn('x')).steps[0]).toMatchObject({ code: 'plan.not_executable' });
    expect((await turn('x', { pointer: 'other' })).steps[0]).toMatchObject({ code: 'plan.unknown_name' });
  });

  it('refuses a value of several lines for a line', async () => {
    bench = makeBench({ plan: { services: shop({ database: { env: 'A', file: 'a.env' } }) } });
    expect((await turn('one\ntwo')).steps[0]).toMatchObject({ state: 'failed', code: 'plan.invalid' });
  });
});
