import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../core/index.ts';
import { importDocument } from './index.ts';
import { documents, line } from './testing/any-markdown.ts';
import { documentNamed, imported } from './testing/imported.ts';

describe('any Markdown', () => {
  it('gives a plan that loads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), async (chosen) => {
        const { errors } = await imported(chosen.join('\n'), 'any.md');
        expect(errors).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('gives the same plan however often it is read', async () => {
    for (const text of documents)
      expect(await importDocument(text, 'a.md')).toEqual(await importDocument(text, 'a.md'));
  });

  it('cut off anywhere gives a plan that loads', async () => {
    for (const text of documents) {
      for (let at = 0; at < text.length; at += 397) expect((await imported(text.slice(0, at))).errors).toEqual([]);
    }
  });

  it('names only lines that the document has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), async (chosen) => {
        const text = chosen.join('\n');
        const { plan, understood, guessed, leftOver } = await importDocument(text, 'any.md');
        const count = text.split(/\r\n?|\n/).length;
        const named = [...plan.matchAll(/ {2}# line (\d+)/g)].map(([, number]) => Number(number));
        const said = [...understood, ...guessed, ...leftOver].flatMap((remark) => [remark.line, remark.endLine]);
        for (const number of [...named, ...said]) {
          expect(number).toBeGreaterThanOrEqual(1);
          expect(number).toBeLessThanOrEqual(count);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is refused in plain words when it is larger than a document can be', async () => {
    const large = 'a'.repeat(limits.importCharactersMax + 1);
    await expect(importDocument(large, 'large.md')).rejects.toMatchObject({ code: 'limit.exceeded' });
  });

  it('is read in a moment when it is as large as a handbook', async () => {
    const text = Array.from({ length: 20 }, (_, index) =>
      documentNamed('harbour').replaceAll('Scenario', `Part ${index}`),
    ).join('\n');
    const { errors } = await imported(text);
    expect(errors).toEqual([]);
  });
});
