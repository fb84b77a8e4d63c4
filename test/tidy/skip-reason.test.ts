import { expect, it } from 'vitest';
import { join } from 'node:path';
import { home } from './sources.ts';

const { reasonIn } = (await import(join(home, 'scripts/summary-reporter.mjs'))) as {
  reasonIn: (name: string) => string | undefined;
};

it.each([
  ['names a file that may not be read (skipped with a reason: root may read everything)', 'root may read everything'],
  ['provision by terraform (skipped: Terraform is not installed) > fails for a module', 'Terraform is not installed'],
  ['provision by terraform > killed after it was applied it is found done (in the long tests)', 'in the long tests'],
  ['promote (PostgreSQL 15 is not installed) > takes over', 'PostgreSQL 15 is not installed'],
  ['recover --engine restate: its packages are optional > begins nothing', 'its packages are optional'],
  ['says nothing', undefined],
])('a test that was left out says why: %s', (name, reason) => {
  expect(reasonIn(name)).toBe(reason);
});
