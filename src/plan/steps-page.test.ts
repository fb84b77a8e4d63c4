import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../app/registry.ts';
import { parseText } from './document.ts';
import { formatFinding } from './findings.ts';
import { inspectPlan } from './load.ts';
import { smallPlan } from './testing/check-text.ts';

const home = join(import.meta.dirname, '../..');

it('docs/steps.md is what the kinds of steps say', () => {
  const result = spawnSync(process.execPath, ['scripts/steps-doc.mjs', '--check'], { cwd: home, encoding: 'utf8' });
  expect(result).toMatchObject({ status: 0, stderr: '' });
});

it('says of the same kind in both tables whether the world is asked after a crash', () => {
  const page = readFileSync(join(home, 'docs/steps.md'), 'utf8');
  for (const { kind, inspect } of registry.steps) {
    const row = page.split('\n').find((line) => line.startsWith(`| [\`${kind}\`](#`)) ?? '';
    const isWalked = row.includes('each step inside');
    expect(isWalked || row.includes('the world is asked') === (inspect !== undefined), row).toBe(true);
  }
});

/** Whether the reader refuses this key beside this step. */
const refusals = (step: string, key: string): string[] => {
  const steps = [`- ${step}`, `  ${key}`].map((line) => `      ${line}`);
  const text = [smallPlan, 'domains: { safe: {}, far: {} }', 'scenarios:', '  lost:', '    steps:', ...steps, ''].join(
    '\n',
  );
  const { findings } = inspectPlan(parseText('plan.yaml', text), registry);
  return findings.filter(({ severity }) => severity === 'error').map(({ message }) => message);
};

it.each(['timeout: 10m', 'retry: 2', 'idempotent: true', 'undo: { exec: [./back] }', 'site: far'])(
  'a group with %s is refused: nothing would keep it',
  (key) => {
    const [name] = key.split(':');
    const message = `a group has no ${name} of its own`;
    expect(refusals('parallel: [{ backup: documents }, { wait: 1s }]', key)).toEqual([message]);
  },
);

it('a group keeps how often its verify is asked, and a call how often what its scenario calls success', () => {
  const seen = ['retry: { times: 5, pause: 2s }', '  verify: [{ http: "http://127.0.0.1/" }]'].join('\n      ');
  expect(refusals('parallel: [{ backup: documents }, { wait: 1s }]', seen)).toEqual([]);
  expect(refusals('call: lost', 'retry: 5').filter((message) => message.includes('retry'))).toEqual([]);
});

it('a step that goes with its run has no other site, and the plan says so before the day', () => {
  expect(refusals('commit: 30m', 'site: far')).toEqual(['commit goes with its run, and is done where that is led']);
  expect(refusals('backup: documents', 'site: far')).toEqual([]);
});

describe.each(registry.steps.map((kind) => [kind.kind, kind] as const))('%s', (name, { about, example, inBubble }) => {
  const isGroup = ['parallel', 'choose'].includes(name);
  it('says what it does', () => {
    expect(about, `an \`about\` of ${name}`).toMatch(/^[A-Z].+\.$/s);
  });

  it('says what a drill exercises of it', () => {
    expect(isGroup || inBubble !== undefined, `\`inBubble\` of ${name}`).toBe(true);
  });

  it('is written as its example, which can be executed', () => {
    const steps = (example ?? '').split('\n').map((line) => `      ${line}`);
    const text = [smallPlan, 'scenarios:', '  lost:', '    steps:', ...steps, ''].join('\n');
    const { findings } = inspectPlan(parseText('plan.yaml', text), registry);
    // The names that an example mentions are nowhere declared.
    const foreign = ['plan.unknown_reference', 'plan.later_step', 'plan.unknown_name'];
    expect(findings.filter(({ code }) => !foreign.includes(code)).map(formatFinding)).toEqual([]);
  });
});
