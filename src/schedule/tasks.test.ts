import { describe, expect, it } from 'vitest';
import { planOf } from './testing/plan.ts';
import { tasksOf } from './tasks.ts';

describe('what a plan wants done on a calendar', () => {
  it('is its points, copies, readings back, retention and drills, and nothing that others do or that has no calendar', async () => {
    const { plan, keeperOf } = await planOf();
    const tasks = tasksOf(plan, keeperOf);
    expect(tasks.map(({ id }) => id)).toEqual([
      'backup orders',
      'backup docs',
      'backup mail',
      'copy near to far',
      'verify daily',
      'prune near',
      'prune far',
      'drill weekly',
    ]);
    // Others keep the dumps: they are judged with the rest, and never backed up.
    expect(tasks.find(({ id }) => id === 'verify daily')?.work).toMatchObject({ assets: ['docs', 'mail', 'dumps'] });
  });

  it('lets a backup wake the copy of its points, which also comes twice in the time that the plan gives it', async () => {
    const { plan, keeperOf } = await planOf();
    const tasks = tasksOf(plan, keeperOf);
    expect(tasks.find(({ id }) => id === 'backup docs')?.wakes).toEqual(['copy near to far']);
    const [calendar] = tasks.find(({ id }) => id === 'copy near to far')?.calendars ?? [];
    expect((calendar?.next(1) ?? 0) - (calendar?.next(0) ?? 0)).toBe(0);
    expect(calendar?.next(0)).toBe(1_800_000);
  });

  it('begins a point that was never taken at once, but where a stream takes it, and no drill before its turn', async () => {
    const { plan, keeperOf } = await planOf();
    const atOnce = tasksOf(plan, keeperOf)
      .filter((task) => task.atOnce)
      .map(({ work }) => work.kind);
    expect(atOnce).toEqual(['backup', 'backup']);
  });
});
