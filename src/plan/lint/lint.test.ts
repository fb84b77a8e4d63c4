import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { array, assert, boolean, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { registry } from '../../app/index.ts';
import { parseText } from '../document.ts';
import { checkPlan, inspectPlan } from '../load.ts';
import { testKinds } from '../testing/kinds.ts';
import { lint } from './engine.ts';
import { findingsIn, today } from './testing/lint-text.ts';
import { largePlan } from './testing/large-plan.ts';
import { mutations, soundPlan } from './testing/mutations.ts';

const examples = resolve(import.meta.dirname, '../../../examples');

describe('sound plans', () => {
  it('the one that every mutation starts from is silent', () => {
    expect(findingsIn(soundPlan)).toEqual([]);
  });

  for (const name of [
    ...readdirSync(examples).filter((file) => file.endsWith('.yaml')),
    'failover/lifeboat.yaml',
    'control-plane/lifeboat.yaml',
  ]) {
    it(`examples/${name} is silent`, async () => {
      const { plan, document } = await checkPlan(join(examples, name), registry);
      expect(plan === undefined ? 'wrong in form' : lint(plan, document, today)).toEqual([]);
    });
  }
});

describe('a sound plan that is changed in a known way', () => {
  for (const { rule, what, change } of mutations) {
    it(`is caught by ${rule}: ${what}`, () => {
      const changed = change(soundPlan);
      expect(changed).not.toBe(soundPlan);
      expect(findingsIn(changed).map(({ code }) => code)).toContain(rule);
    });
  }

  it('is caught among other sound things, which stay silent', () => {
    const noise = record({ things: integer({ min: 0, max: 40 }), remarks: array(nat(60), { maxLength: 5 }) });
    assert(
      property(constantFrom(...mutations), noise, ({ rule, change }, { things, remarks }) => {
        expect(findingsIn(among(soundPlan, things, remarks))).toEqual([]);
        expect(findingsIn(among(change(soundPlan), things, remarks)).map(({ code }) => code)).toContain(rule);
      }),
      { numRuns: 20 },
    );
  });
});

/** A plan with more assets and services in it, and remarks before some of its lines. */
function among(plan: string, things: number, remarks: readonly number[]): string {
  const lines = (line: (index: number) => string): string =>
    Array.from({ length: things }, (_, index) => `${line(index)}\n`).join('');
  const asset = (index: number): string =>
    `  more${index}: { type: files, path: ./more/${index}, domain: racks, policy: catalogue }`;
  const service = (index: number): string =>
    `  other${index}: { needs: [more${index}], objectives: { rto: 4h, rpo: 1h } }`;
  const fuller = plan
    .replace('assets:\n', `assets:\n${lines(asset)}`)
    .replace('services:\n', `services:\n${lines(service)}`);
  return fuller
    .split('\n')
    .map((line, index) => (remarks.includes(index) ? `# a remark\n${line}` : line))
    .join('\n');
}

describe('reformatting', () => {
  const said = (text: string): string[] =>
    findingsIn(text)
      .map(({ code, message, path }) => `${code} ${path} ${message}`)
      .toSorted();
  const styles = record({
    flow: boolean(),
    indent: constantFrom(2, 4),
    quotes: constantFrom<'QUOTE_DOUBLE' | 'PLAIN'>('QUOTE_DOUBLE', 'PLAIN'),
    width: constantFrom(40, 120, 0),
    order: boolean(),
    comments: array(constantFrom('# a remark', '#'), { maxLength: 3 }),
  });

  it('never changes what is found', () => {
    const text = mutations.slice(0, 12).reduce((changed, { change }) => change(changed), soundPlan);
    const before = said(text);
    expect(before.length).toBeGreaterThan(5);
    assert(
      property(styles, ({ flow, indent, quotes, width, order, comments }) => {
        const value = order ? reversed(parse(text)) : parse(text);
        const written = stringify(value, {
          indent,
          lineWidth: width,
          defaultStringType: quotes,
          collectionStyle: flow ? 'flow' : 'block',
        });
        expect(said([...comments, written].join('\n'))).toEqual(before);
      }),
      { numRuns: 15 },
    );
  });
});

/** The keys of mappings in the other order; lists stay, because their order means something. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, part]) => [key, reversed(part)]),
  );
}

describe('a large plan', () => {
  it('of 2,000 assets and 500 scenarios is read and judged in less than two seconds of work', () => {
    const text = largePlan(2000, 500);
    const used = (): number => process.threadCpuUsage().user / 1000;
    const attempt = (): number => {
      const startMs = used();
      const document = parseText('large.yaml', text);
      const { plan } = inspectPlan(document, testKinds);
      if (plan === undefined) throw new Error('the large plan is not right in form');
      expect(lint(plan, document, today)).toEqual([]);
      return used() - startMs;
    };
    // Time of the processor, not of the wall: other tests run beside this one, and disturb it; the best of three is the work itself.
    const best = [1, 2, 3].reduce((least) => (least < boundMs ? least : Math.min(least, attempt())), Infinity);
    expect(best).toBeLessThan(boundMs);
  });
});

const boundMs = 2000;
