import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../app/registry.ts';
import { renderSchema } from './json-schema.ts';
import { accepts, type JsonSchema } from './testing/json-schema.ts';
import { smallPlan } from './testing/check-text.ts';

const root = join(import.meta.dirname, '../..');
const schema = JSON.parse(renderSchema(registry)) as JsonSchema;

const plans = await plansOf(join(root, 'examples/plans'));

describe('schema/lifeboat.schema.json', () => {
  test('is what the code says: after a change run npm run schema', async () => {
    expect(JSON.parse(await readFile(join(root, 'schema/lifeboat.schema.json'), 'utf8'))).toEqual(schema);
  });

  test.each(['corner-shop.yaml', 'files.yaml', 'failover/lifeboat.yaml', 'control-plane/lifeboat.yaml'])(
    'accepts %s',
    async (example) => {
      expect(accepts(schema, parse(await readFile(join(root, 'examples', example), 'utf8')))).toBe(true);
    },
  );

  test.each(plans)('accepts %s', async (example) => {
    expect(accepts(schema, parse(await readFile(join(root, 'examples/plans', example), 'utf8')))).toBe(true);
  });

  test('has a line for every key, so that editors can tell what it means', () => {
    expect(keysWithoutWords(schema, '')).toEqual([]);
  });

  test.each([
    ['an unknown key of a step', `${smallPlan}scenarios: { s: { steps: [{ manual: x, comand: y }] } }\n`],
    ['an unknown kind of a thing', `${smallPlan}scenarios: { s: { steps: [{ manual: x, makes: [shop] }] } }\n`],
    [
      'an unknown step inside a choice',
      `${smallPlan}scenarios: { s: { steps: [{ choose: { question: q, options: { a: { steps: [{ restor: x }] } } } }] } }\n`,
    ],
    ['an alert of an unknown kind', `${smallPlan}alerts: { a: { kind: age } }\n`],
    ['an unknown key', `${smallPlan}polices: {}\n`],
    ['a missing key', smallPlan.replace('plan: small\n', '')],
    ['a wrong asset type', smallPlan.replace('type: files', 'type: file')],
    ['an unknown key of an asset', smallPlan.replace('path: ./documents', 'path: a, pth: b')],
    ['an unknown step', `${smallPlan}scenarios: { s: { steps: [{ restor: documents }] } }\n`],
    [
      'a step inside a parallel that is unknown',
      `${smallPlan}scenarios: { s: { steps: [{ parallel: [{ restor: documents }] }] } }\n`,
    ],
    ['a check of an unknown kind', smallPlan.replace('./documents', './documents, checks: [{ sqll: select 1 }]')],
    ['a plain passphrase', smallPlan.replace('{ env: LB_PASS }', 'plain')],
    ['a secret of two sources', smallPlan.replace('env: LB_PASS', 'env: A, file: b')],
  ])('refuses %s', (_, text) => {
    expect(accepts(schema, parse(smallPlan))).toBe(true);
    expect(accepts(schema, parse(text))).toBe(false);
  });
});

/** The plans in folders of their own; what they include is a part, not a plan. */
async function plansOf(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files.filter((file) => /^[^/]+\/[^/]+\.yaml$/.test(file)).sort();
}

function keysWithoutWords(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => [
    ...(path.endsWith('.properties') && !('description' in (part as object)) ? [`${path}.${key}`] : []),
    ...keysWithoutWords(part, `${path}.${key}`),
  ]);
}
