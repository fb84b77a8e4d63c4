// Writes docs/steps.md from the kinds of steps in the registry. `--check` only says whether the page is up to date.
import { join } from 'node:path';
import { registry } from '../src/app/registry.ts';
import { writeOrCheck } from './generated.mjs';
import { stepsPage } from './steps/page.mjs';

const file = join(import.meta.dirname, '../docs/steps.md');
writeOrCheck(file, stepsPage(registry.steps), 'docs/steps.md is not what the steps say; run: npm run steps-doc');
