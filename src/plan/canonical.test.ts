import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { contentHash } from './canonical.ts';
import { parseText } from './document.ts';
import { planOf, smallPlan } from './testing/check-text.ts';

const scenario = `scenarios:
  lost:
    trigger: the folder is gone
    steps:
      - id: back
        restore: documents
        budget: 10m
`;

const hashOf = (text: string): string => planOf(text).hash;
const scenarioHashOf = (text: string): string | undefined => planOf(text).scenarios.get('lost')?.hash;

describe('the hash of a plan', () => {
  test('does not see comments, quotes, layout and order of keys', () => {
    const written = smallPlan + scenario;
    const other = `# a comment
assets:
  "documents":
    path: './documents'   # another
    type: files
scenarios: { lost: { steps: [{ budget: 10m, id: back, restore: documents }], trigger: the folder is gone } }
stores: { near: { domain: safe, path: ./stores/near, type: fs } }
keys: { main: { domain: safe, passphrase: { env: LB_PASS } } }
plan: small
lifeboat: 1
`;
    expect(hashOf(other)).toBe(hashOf(written));
    expect(scenarioHashOf(other)).toBe(scenarioHashOf(written));
  });

  test('sees every value', () => {
    expect(hashOf(smallPlan.replace('./documents', './document'))).not.toBe(hashOf(smallPlan));
  });

  test('is the same for any data however it is laid out as YAML', () => {
    const plain = fc.dictionary(
      fc.stringMatching(/^[a-z]{1,6}$/),
      fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[a-z ]{0,9}$/), fc.array(fc.integer())),
    );
    fc.assert(
      fc.property(plain, fc.integer({ min: 2, max: 8 }), fc.boolean(), (data, indent, flow) => {
        const shuffled = Object.fromEntries(Object.entries(data).toReversed());
        const text = stringify(shuffled, { indent, collectionStyle: flow ? 'flow' : 'block', lineWidth: 40 });
        expect(contentHash(parseText('x', text).value ?? {})).toBe(contentHash(data));
      }),
    );
  });

  test('of a list sees the order', () => {
    expect(contentHash([1, 2])).not.toBe(contentHash([2, 1]));
  });
});

describe('the hash of a scenario', () => {
  const whole = `${smallPlan.replace('path: ./documents }', 'path: ./documents }, other: { type: files, path: ./other }')}${scenario}`;

  test('changes with its steps and with the assets that they name', () => {
    for (const change of [
      whole.replace('budget: 10m', 'budget: 11m'),
      whole.replace('path: ./documents', 'path: ./papers'),
      whole.replace('path: ./stores/near', 'path: ./stores/far'),
    ]) {
      expect(scenarioHashOf(change)).not.toBe(scenarioHashOf(whole));
    }
  });

  test('does not change with what its run does not depend on', () => {
    for (const change of [
      whole.replace('path: ./other', 'path: ./others'),
      whole.replace('the folder is gone', 'somebody deleted the folder'),
      `${whole}owner: somebody else\n`,
    ]) {
      expect(scenarioHashOf(change)).toBe(scenarioHashOf(whole));
      expect(hashOf(change)).not.toBe(hashOf(whole));
    }
  });
});
