import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { allRules } from './engine.ts';
import { rulePages } from './pages.ts';

const home = resolve(import.meta.dirname, '../../..');

it('docs/rules is what the rules say', () => {
  const result = spawnSync(process.execPath, ['scripts/rules-doc.mjs', '--check'], { cwd: home, encoding: 'utf8' });
  expect(result).toMatchObject({ status: 0, stderr: '' });
});

it('every rule has a code of its own, and a page that explains it with examples', () => {
  expect(new Set(allRules.map(({ code }) => code)).size).toBe(allRules.length);
  expect(rulePages().size).toBe(allRules.length + 1);
  for (const rule of allRules) {
    expect(rule.code).toMatch(/^[a-z]+\.[a-z_]+$/);
    expect(rule.title).not.toMatch(/\.$/);
    expect([rule.why, rule.bad, rule.good].every((text) => text.length > 10)).toBe(true);
    expect(rule.bad).not.toBe(rule.good);
  }
});
