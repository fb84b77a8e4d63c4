import { spawnSync } from 'node:child_process';
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

describe.each(registry.steps.map((kind) => [kind.kind, kind] as const))('%s', (name, { about, example }) => {
  it('says what it does', () => {
    expect(about, `an \`about\` of ${name}`).toMatch(/^[A-Z].+\.$/s);
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
