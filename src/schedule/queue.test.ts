import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Queue } from './queue.ts';
import type { Task, Work, WorkKind } from './task.ts';

const workOf: Record<WorkKind, Work> = {
  backup: { kind: 'backup', asset: 'a', stores: ['near'] },
  copy: { kind: 'copy', from: 'near', to: 'far' },
  verify: { kind: 'verify', policy: 'p', assets: [] },
  prune: { kind: 'prune', store: 'near' },
  drill: { kind: 'drill', drill: 'd' },
};
const kinds = Object.keys(workOf) as WorkKind[];
const task = (kind: WorkKind, number: number): Task => ({
  id: `${kind} ${number}`,
  work: workOf[kind],
  calendars: [],
  atOnce: false,
  spread: false,
  wakes: [],
});
const anyKinds = fc.array(fc.constantFrom(...kinds), { maxLength: 30 });

describe('the queue', () => {
  it('never has more at work than it may, and never lets other work take the last place from backups', () => {
    fc.assert(
      fc.property(anyKinds, anyKinds, fc.integer({ min: 1, max: 8 }), (waiting, before, atOnce) => {
        const running = before.slice(0, atOnce);
        const chosen = new Queue(atOnce).choose(waiting.map(task), running);
        const all = [...running, ...chosen.map(({ work }) => work.kind)];
        expect(all.length).toBeLessThanOrEqual(Math.max(atOnce, running.length));
        const others = (list: readonly WorkKind[]): number => list.filter((kind) => kind !== 'backup').length;
        if (atOnce > 1) expect(others(all)).toBeLessThanOrEqual(Math.max(atOnce - 1, others(running)));
        for (const kind of ['verify', 'prune', 'drill'] as const)
          expect(chosen.filter(({ work }) => work.kind === kind).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('takes who is first, whatever it is, so that nothing starves', () => {
    // Each turn one place becomes free and two more backups are due than can be done.
    const queue = new Queue(2);
    let waiting = [task('backup', 0), task('drill', 1), task('verify', 2)];
    const order: string[] = [];
    for (let round = 3; round < 40 && order.length < 20; round += 1) {
      const [first] = queue.choose(waiting, ['backup']);
      if (first !== undefined) order.push(first.id);
      waiting = [...waiting.filter((one) => one !== first), task('backup', round), task('backup', round + 100)];
    }
    expect(order.slice(0, 3)).toEqual(['backup 0', 'drill 1', 'verify 2']);
  });

  it('with one place does one thing at a time, and each kind gets it', () => {
    for (const kind of kinds) {
      expect(new Queue(1).choose([task(kind, 1), task('backup', 2)], []).map(({ id }) => id)).toEqual([`${kind} 1`]);
      expect(new Queue(1).choose([task(kind, 1)], ['backup'])).toEqual([]);
    }
  });
});
