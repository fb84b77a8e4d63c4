import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findingCodes } from './finding-codes.ts';

test('docs/PLAN.md shows every code with its meaning, and no other', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/PLAN.md'), 'utf8');
  const shown = [...page.matchAll(/^\| `(plan\.\w+)`\s*\| (.*?)\s*\|$/gm)].map(([, code, means]) => [code, means]);
  expect(shown).toEqual(Object.entries(findingCodes));
});
