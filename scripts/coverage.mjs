// Writes docs/COVERAGE.md: each of the things that the five plans from life state, where our plans say it, what `check` makes of it,
// which test shows it, and how far it goes today. Everything is computed from the plans and the registry; `--check` only says whether
// the page is up to date.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { registry } from '../src/app/index.ts';
import { Judge } from './covered/judge.mjs';
import { page } from './covered/page.mjs';
import { writeOrCheck } from './generated.mjs';

const root = join(import.meta.dirname, '..');
const plans = join(root, 'examples/plans');
const file = join(root, 'docs/COVERAGE.md');

const things = Object.entries(JSON.parse(readFileSync(join(plans, 'coverage.json'), 'utf8')));
const judges = new Map();
for (const name of new Set(things.map(([, { plan }]) => plan))) {
  judges.set(name, await Judge.read(join(plans, name), registry));
}
const judged = things.map(([id, { title, plan, at }]) => ({ id, title, plan, at, ...judges.get(plan).judge(at) }));
const text = page(judged, judges, root);

writeOrCheck(file, text, 'docs/COVERAGE.md is not what the plans and the registry say; run: npm run coverage-doc');
