import { expect, it } from 'vitest';
import { codesIn, findingsIn, sound } from './testing/lint-text.ts';

const plan = (waivers: string): string =>
  sound(`stores: { far: { type: fs, path: ./far, domain: east } }
policies: { files: { every: 6h, to: [far] } }
assets: { uploads: { type: files, path: ./x, domain: west, policy: files } }
waivers: [${waivers}]
`);

it('a waiver leaves its finding out, at its place and below', () => {
  expect(codesIn(plan(''))).toEqual(['9 time.rpo']);
  expect(codesIn(plan('{ rule: time.rpo, at: policies.files, why: bought time, until: 2026-12-31 }'))).toEqual([]);
  expect(codesIn(plan('{ rule: time.rpo, why: bought time }'))).toEqual([]);
});

it('a waiver elsewhere accepts nothing, and says so', () => {
  expect(codesIn(plan('{ rule: time.rpo, at: policies.file, why: bought time }'))).toEqual([
    '9 time.rpo',
    '11 waiver.unused',
  ]);
  expect(codesIn(plan('{ rule: time.rpq, why: a slip }'))).toEqual(['9 time.rpo', '11 waiver.unused']);
});

it('an expired waiver is a finding, and what it accepted counts again', () => {
  const text = plan('{ rule: time.rpo, why: bought time, until: 2026-11-20 }');
  expect(codesIn(text)).toEqual(['9 time.rpo', '11 waiver.expired']);
  expect(findingsIn(text, Date.parse('2026-11-20T20:00:00Z'))).toEqual([]);
});
