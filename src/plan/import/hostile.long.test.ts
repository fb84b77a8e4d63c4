import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documents, line } from './testing/any-markdown.ts';
import { imported } from './testing/imported.ts';

describe('any Markdown, for long', () => {
  it('gives a plan that loads', { timeout: 1_800_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 120 }), async (chosen) => {
        expect((await imported(chosen.join('\n'), 'any.md')).errors).toEqual([]);
      }),
      { numRuns: 5000 },
    );
  });

  it('cut off at every letter gives a plan that loads', { timeout: 1_800_000 }, async () => {
    for (const text of documents)
      for (let at = 0; at < text.length; at += 1) expect((await imported(text.slice(0, at))).errors).toEqual([]);
  });
});
