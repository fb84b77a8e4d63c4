import type { Task, WorkKind } from './task.ts';

/**
 * How many of a kind are at work at once. Backups may fill what there is; one place is always left to them, so that a verification of a week or
 * a drill of a day never keeps an asset from its point. Drills measure time, and two would disturb each other.
 */
const most: Readonly<Record<WorkKind, number>> = { backup: Infinity, copy: 2, verify: 1, prune: 1, drill: 1 };

/** Chooses what begins now, in the order of those who wait, as far as there is room. */
export class Queue {
  readonly #atOnce: number;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** `waiting`: due, the latest first. */
  choose(waiting: readonly Task[], running: readonly WorkKind[]): Task[] {
    const busy = [...running];
    const chosen: Task[] = [];
    for (const task of waiting) {
      if (busy.length >= this.#atOnce) break;
      if (!this.#hasRoom(task.work.kind, busy)) continue;
      chosen.push(task);
      busy.push(task.work.kind);
    }
    return chosen;
  }

  #hasRoom(kind: WorkKind, busy: readonly WorkKind[]): boolean {
    if (busy.filter((one) => one === kind).length >= most[kind]) return false;
    const others = busy.filter((one) => one !== 'backup').length;
    return kind === 'backup' || others < Math.max(1, this.#atOnce - 1);
  }
}
