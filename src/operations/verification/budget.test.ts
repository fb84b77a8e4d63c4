import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCalendar } from '../../plan/index.ts';
import { choosePacks, gapOf, type Pack, type ReadingBudget } from './budget.ts';
import type { PackRead } from './pack-record.ts';

const dayMs = 86_400_000;
const pack = (id: string, bytes = 10): Pack => ({ id, bytes });
const read = (atMs: number): PackRead => ({ atMs, sound: true });
const chosen = (packs: readonly Pack[], reads: [string, PackRead][], budget: ReadingBudget): string[] => [
  ...choosePacks(packs, new Map(reads), budget),
];

describe('a budget', () => {
  it('reads what was never read first, then what was not read for longest', () => {
    const packs = ['a', 'b', 'c', 'd'].map((id) => pack(id));
    const reads: [string, PackRead][] = [
      ['a', read(5)],
      ['b', read(1)],
      ['d', read(9)],
    ];
    expect(chosen(packs, reads, { kind: 'bytes', bytes: 25 })).toEqual(['c', 'b']);
    expect(chosen(packs, reads, { kind: 'share', share: 0.75 })).toEqual(['c', 'b', 'a']);
    expect(chosen(packs, reads, { kind: 'bytes', bytes: 1 })).toEqual(['c']);
    expect(chosen([], [], { kind: 'bytes', bytes: 1 })).toEqual([]);
    expect(chosen(packs, reads, { kind: 'since', sinceMs: 5 })).toEqual(['c', 'b']);
  });

  it('of a window reads every byte once in it, day by day, whatever comes and goes, with no day that reads much more than its part', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 4 }),
        (days, sizes, newEachDay) => {
          let packs = sizes.map((bytes, i) => pack(`p${i}`, bytes));
          const reads = new Map<string, PackRead>();
          const since = new Map(packs.map(({ id }) => [id, 0]));
          for (let day = 0; day < days * 3; day += 1) {
            const nowMs = day * dayMs;
            const budget = { kind: 'window', windowMs: days * dayMs, everyMs: dayMs, nowMs } as const;
            for (const id of choosePacks(packs, reads, budget)) reads.set(id, read(nowMs));
            for (const { id } of packs)
              expect(nowMs - (reads.get(id)?.atMs ?? since.get(id) ?? 0)).toBeLessThanOrEqual(days * dayMs);
            const fresh = Array.from({ length: newEachDay }, (_, i) => pack(`n${day}.${i}`, 5));
            for (const { id } of fresh) since.set(id, nowMs);
            packs = [...packs.slice(newEachDay > 0 && packs.length > 5 ? 1 : 0), ...fresh];
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('knows the longest gap of a calendar, and takes a day where there is none', () => {
    const nowMs = Date.parse('2026-11-21T12:00:00Z');
    expect(gapOf([parseCalendar('daily at 02:00', 'UTC')], nowMs)).toBe(dayMs);
    expect(gapOf([parseCalendar('weekdays at 02:00', 'UTC')], nowMs)).toBe(3 * dayMs);
    expect(gapOf([], nowMs)).toBe(dayMs);
  });
});
