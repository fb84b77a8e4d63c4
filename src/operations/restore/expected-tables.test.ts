import { describe, expect, it } from 'vitest';
import type { Workspace } from '../contract.ts';
import { expectedOfTables, touchedBy } from './expected-tables.ts';

const workspace = (...done: { change: number; changedBytes: number }[]): Workspace => {
  const records = done.map((parts) => ({
    atMs: 0,
    data: { asset: 'orders', result: {}, parts: { look: 1, ...parts } },
  }));
  return { journal: { records: () => records } } as unknown as Workspace;
};

describe('how long it takes to bring tables back', () => {
  it('is the look as it was measured, and the change by the last one that tells of so much', () => {
    const known = workspace({ change: 4, changedBytes: 1000 }, { change: 1, changedBytes: 10 });
    expect(expectedOfTables(known, 'orders', 2000, 3).seconds).toBe(3 + 8);
    expect(expectedOfTables(known, 'orders', 20, 3).seconds).toBe(3 + 2);
    expect(expectedOfTables(known, 'orders', 0, 3).seconds).toBe(3);
    expect(expectedOfTables(known, 'orders', 1_000_000, 3)).toEqual({
      seconds: 3,
      from: '3.0 s to look, as just now; the change of 1.0 MB was never measured and is not in it',
    });
  });

  it('counts rows that are missing, and those that differ only where they are replaced', () => {
    const table = { table: 'a', as: 'a', action: 'merge', rows: 100, bytes: 1000, missing: 10, changed: 5 } as const;
    expect(touchedBy([table], 'skip')).toEqual({ bytes: 100, replaced: { rows: 0, bytes: 0 } });
    expect(touchedBy([table], 'replace')).toEqual({ bytes: 150, replaced: { rows: 5, bytes: 50 } });
  });
});
