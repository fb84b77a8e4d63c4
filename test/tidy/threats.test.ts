import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { home } from './sources.ts';

/** `file` “what the test says”, as docs/THREATS.md names a test; more of the same file follow after a comma. */
const citation = /`([\w./-]+\.ts)` ((?:“[^”]+”(?:, )?)+)/g;

function citations(text: string): { file: string; says: string }[] {
  return [...text.matchAll(citation)].flatMap(([, file = '', words = '']) =>
    [...words.matchAll(/“([^”]+)”/g)].map(([, says = '']) => ({ file, says })),
  );
}

function unknown({ file, says }: { file: string; says: string }): boolean {
  return !existsSync(join(home, file)) || !readFileSync(join(home, file), 'utf8').includes(says);
}

const text = readFileSync(join(home, 'docs/THREATS.md'), 'utf8');

describe('docs/THREATS.md', () => {
  it('names only tests that exist', () => {
    expect(citations(text).filter(unknown)).toEqual([]);
    expect(citations(text).length).toBeGreaterThan(60);
  });

  it('names each test as `file` “what it says”, so that none is passed over here', () => {
    const files = text.match(/`[\w./-]+\.(test|suite)\.ts`/g) ?? [];
    const cited = citations(text).map(({ file }) => `\`${file}\``);
    const bare = files.filter((file) => !cited.includes(file));
    // The test that you read checks the others.
    expect(bare.filter((file) => file !== '`test/tidy/threats.test.ts`')).toEqual([]);
  });

  it('says of each threat what holds, what does not yet, or what never will', () => {
    const threats = text.split(/^### /m).slice(1);
    expect(threats.length).toBeGreaterThan(15);
    expect(
      threats.filter((threat) => !/^- (Holds|Cannot)/m.test(threat)).map((threat) => threat.split('\n')[0]),
    ).toEqual([]);
    expect(
      threats.filter((threat) => !/^- (Not yet|Never)/m.test(threat)).map((threat) => threat.split('\n')[0]),
    ).toEqual([]);
  });

  it('has a guide whose table of attacks names a test that exists for each, by the same words', () => {
    const table = readFileSync(join(home, 'docs/guides/api.md'), 'utf8').split('## What it holds against')[1] ?? '';
    const rows = table.split('\n').filter((line) => /^\| (?!attack|-)/.test(line));
    expect(rows.length).toBeGreaterThan(25);
    expect(rows.filter((row) => citations(row).length === 0)).toEqual([]);
    expect(citations(table).filter(unknown)).toEqual([]);
  });

  it('is looked through so that a wrong name is found', () => {
    expect(citations('· `a/b.test.ts` “never written”').filter(unknown)).toHaveLength(1);
    const [real] = citations(text);
    expect(unknown({ file: real?.file ?? '', says: 'what no test says' })).toBe(true);
  });
});
