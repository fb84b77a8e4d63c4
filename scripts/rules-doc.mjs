// Writes docs/rules: a page for each rule of the linter and of `check --live`, and their list. `--check` only says whether the pages are up to date.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { liveList, livePages } from '../src/app/index.ts';
import { rulePages } from '../src/plan/index.ts';
import { textOf } from './generated.mjs';

const folder = join(import.meta.dirname, '../docs/rules');
const ofPlan = rulePages();
const list = `${ofPlan.get('README.md')}\n${liveList()}`;
const pages = new Map([...ofPlan, ...livePages(), ['README.md', list]]);
const written = () => readdirSync(folder).filter((name) => name.endsWith('.md'));

if (!process.argv.includes('--check')) {
  mkdirSync(folder, { recursive: true });
  for (const name of written().filter((one) => !pages.has(one))) rmSync(join(folder, name));
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
} else {
  const stale = [...pages].filter(([name, text]) => textOf(join(folder, name)) !== text).map(([name]) => name);
  const left = written().filter((name) => !pages.has(name));
  if (stale.length + left.length > 0) {
    process.stderr.write(
      `docs/rules is not what the rules say (${[...stale, ...left].join(', ')}); run: npm run rules-doc\n`,
    );
    process.exitCode = 1;
  }
}
