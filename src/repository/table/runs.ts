import { SortedRun } from './sorted-run.ts';

/** Runs from the oldest to the newest, each at most half as long as the one before: few, however many entries there are. */
export class Runs {
  #runs: SortedRun[] = [];

  get all(): readonly SortedRun[] {
    return this.#runs;
  }

  /** Hands over the runs that it made into one. The run is there also where this throws `disk.full` or `disk.io`: then there are more of them than there should be. */
  add(run: SortedRun, replaced: (run: SortedRun) => void): void {
    this.#runs = [...this.#runs, run];
    for (;;) {
      const [first, second] = this.#runs.slice(-2) as [SortedRun, SortedRun | undefined];
      if (second === undefined || first.entries >= 2 * second.entries) return;
      const merged = SortedRun.merged(first, second);
      this.#runs = [...this.#runs.slice(0, -2), merged];
      replaced(first);
      replaced(second);
    }
  }
}
