import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { liveList, livePages } from './pages.ts';
import { liveRules } from './rules.ts';

const here = import.meta.dirname;

it('every rule that asks the world has a code of its own, a page, a line in the list, and a test', () => {
  const tests = readdirSync(here).filter((name) => name.endsWith('.test.ts') && name !== 'rules.test.ts');
  const text = tests.map((name) => readFileSync(join(here, name), 'utf8')).join('\n');
  expect(new Set(liveRules.map(({ code }) => code)).size).toBe(liveRules.length);
  for (const { code, title, why, asks } of liveRules) {
    expect(code).toMatch(/^live\.[a-z_]+$/);
    expect(livePages().get(`${code}.md`)).toContain(title);
    expect(liveList()).toContain(`(${code}.md)`);
    expect([why, asks].every((words) => words.length > 20)).toBe(true);
    expect(text).toContain(code);
  }
});
