import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../app/registry.ts';
import { renderSchema } from './json-schema.ts';
import { accepts, type JsonSchema } from './testing/json-schema.ts';
import { smallPlan } from './testing/check-text.ts';

const root = join(import.meta.dirname, '../..');
const schema = JSON.parse(renderSchema(registry)) as JsonSchema;

describe('schema/lifeboat.schema.json', () => {
  test('is what the code says: after a change run npm run schema', async () => {
    expect(JSON.parse(await readFile(join(root, 'schema/lifeboat.schema.json'), 'utf8'))).toEqual(schema);
  });

  test.each(['corner-shop.yaml', 'files.yaml'])('accepts %s', async (example) => {
    expect(accepts(schema, parse(await readFile(join(root, 'examples', example), 'utf8')))).toBe(true);
  });

  test.each([
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
