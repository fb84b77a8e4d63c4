import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { registry } from '../app/registry.ts';
import { parseText } from './document.ts';
import { formatFinding } from './findings.ts';
import { renderSchema } from './json-schema.ts';
import { inspectPlan } from './load.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/PLAN.md'), 'utf8');
const blocks = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => parse(text ?? '') as unknown);

test('the examples of docs/PLAN.md are one plan that loads', () => {
  const plan = together(blocks);
  const { findings } = inspectPlan(parseText('PLAN.md', stringify(plan, { aliasDuplicateObjects: false })), registry);
  expect(findings.filter(({ severity }) => severity !== 'info').map(formatFinding)).toEqual([]);
});

test('every key of the language is on docs/PLAN.md', () => {
  const words = new Set(page.match(/[A-Za-z][A-Za-z0-9_]*/g));
  const keys = keysIn(JSON.parse(renderSchema(registry)) as unknown);
  expect([...new Set(keys)].filter((key) => !words.has(key)).sort()).toEqual([]);
});

/** Sections grow together; a block that is a list is the steps of a scenario. Names that the examples only mention are declared. */
function together(parts: readonly unknown[]): Record<string, Record<string, unknown>> {
  const plan: Record<string, Record<string, unknown>> = {};
  for (const part of parts) {
    const sections = Array.isArray(part) ? { scenarios: { kinds_of_steps: { steps: part } } } : (part as object);
    for (const [section, content] of Object.entries(sections)) {
      const grows = isMapping(content) && isMapping(plan[section]);
      plan[section] = grows ? { ...plan[section], ...content } : (content as Record<string, unknown>);
    }
  }
  delete plan['include']; // the files are not there
  return merged(plan, mentioned);
}

const mentioned = {
  plan: 'page',
  domains: { safe: null, git_host: null, dns_provider: null, pager: null, elsewhere: null },
  assets: { uploads: { type: 'files', path: './uploads' } },
  services: { search: {}, shop_static: {} },
  documents: { verify_script: {} },
  contacts: { dba: { role: 'dba' } },
  scenarios: { orders_lost: { steps: [{ restore: 'orders', into: 'new' }] } },
};

function merged(
  plan: Record<string, Record<string, unknown>>,
  more: Record<string, unknown>,
): Record<string, Record<string, unknown>> {
  const entries = Object.entries(more).map(([section, content]) => [
    section,
    isMapping(content) ? { ...plan[section], ...content } : content,
  ]);
  return { ...plan, ...(Object.fromEntries(entries) as Record<string, Record<string, unknown>>) };
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function keysIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysIn);
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([word, part]) => [
    ...(word === 'properties' && isMapping(part) ? Object.keys(part) : []),
    ...keysIn(part),
  ]);
}
