// Writes docs/steps.md from the kinds of steps in the registry. `--check` only says whether the page is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registry } from '../src/app/registry.ts';
import { stepsPage } from './steps/page.mjs';

const file = join(import.meta.dirname, '../docs/steps.md');
const text = stepsPage(registry.steps);

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (read() !== text) {
  process.stderr.write('docs/steps.md is not what the steps say; run: npm run steps-doc\n');
  process.exitCode = 1;
}

function read() {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // a page that is missing is not up to date
  }
}
