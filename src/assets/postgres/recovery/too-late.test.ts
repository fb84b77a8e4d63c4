import { describe, expect, it } from 'vitest';
import type { LogReader, ReplayBase } from '../../log.ts';
import { planReplay } from './plan-replay.ts';

const base = (id: string, at: string): ReplayBase => ({ id, atMs: Date.parse(at), facts: {} });
const piece = { timeline: 1, start: 0x100_0000n, end: 0x300_0000n, storedBytes: 1 };
const log = { list: async () => ({ pieces: [piece], histories: [], clocks: [], endings: [] }) } as unknown as LogReader;
const placeOf = () => ({ source: 's', timeline: 1, start: 0x200_0000n, end: 0x200_0100n });
const target = { kind: 'time', atMs: Date.parse('2026-11-22T12:00:00Z') } as const;

describe('a moment behind the end of the log', () => {
  it.each([
    ['latest', ''],
    ['current', ' --timeline current'],
    [1, ' --timeline 1'],
  ] as const)('is refused with what can be pasted instead: along %s', async (timeline, words) => {
    const reachable = Date.parse('2026-11-22T13:30:00Z');
    const marked = { ...log, marks: async () => ({ completeToMs: reachable }) } as unknown as LogReader;
    const late = { kind: 'time', atMs: Date.parse('2026-11-22T15:00:00Z'), timeline } as const;
    await expect(planReplay(marked, [base('p2', '2026-11-22T13:00:00Z')], late, placeOf)).rejects.toMatchObject({
      code: 'restore.unknown_target',
      hint: `Restore what is there: --at 2026-11-22T13:30:00.000Z${words}; or look into another store: --store NAME.`,
    });
  });
});

describe('a moment before every point that may be taken', () => {
  it('is refused by the words of the only one, which may have been named among older ones', async () => {
    await expect(planReplay(log, [base('p2', '2026-11-22T13:00:00Z')], target, placeOf)).rejects.toMatchObject({
      code: 'restore.unreachable_target',
      message:
        'the point p2 does not end before 2026-11-22T12:00:00.000Z: it is of 2026-11-22T13:00:00.000Z, at 0/2000100',
    });
  });

  it('is refused with the earliest of several', async () => {
    const bases = [base('p2', '2026-11-22T13:00:00Z'), base('p3', '2026-11-22T14:00:00Z')];
    await expect(planReplay(log, bases, target, placeOf)).rejects.toMatchObject({
      message: 'no recovery point ends before 2026-11-22T12:00:00.000Z',
      hint: expect.stringMatching(/^The earliest is p2/),
    });
  });
});
