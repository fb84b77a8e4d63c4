import { isLifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import { listRuns, showRun, type RunResult } from '../../procedures/index.ts';

/** All runs of a journal, newest first: read once, and then only those that go on. */
export class RunsView {
  readonly #journal: Journal;
  readonly #runs = new Map<string, RunResult>();
  readonly #drills = new Map<string, string>();
  #read: number | undefined;
  #sorted: readonly RunResult[] | undefined;
  #changes = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  list(): readonly RunResult[] {
    this.#refresh();
    this.#sorted ??= [...this.#runs.values()].sort((one, other) => other.startedMs - one.startedMs);
    return this.#sorted;
  }

  /** Another one whenever a run has begun, gone on or ended. */
  revision(): string {
    this.#refresh();
    return String(this.#changes);
  }

  find(run: string): RunResult | undefined {
    this.#refresh();
    return this.#runs.get(run);
  }

  /** The drill that a run belongs to. */
  drillOf(run: string): string | undefined {
    this.#refresh();
    return this.#drills.get(run);
  }

  #refresh(): void {
    const last = this.#journal.last();
    if (last === this.#read) return;
    const kinds = ['run.*', 'step.*', 'drill.started'];
    if (this.#read === undefined) {
      for (const result of listRuns(this.#journal)) this.#runs.set(result.run, result);
      for (const { run, data } of this.#journal.records({ kinds: ['drill.started'] }))
        this.#drills.set(run ?? '', String(data['drill']));
    } else {
      const fresh = this.#journal.records({ kinds, after: this.#read });
      for (const { kind, run, data } of fresh)
        if (kind === 'drill.started') this.#drills.set(run ?? '', String(data['drill']));
      // A drill that has begun has no run yet: its first record of a run comes.
      const begun = new Set(
        fresh.flatMap(({ kind, run }) => (run === undefined || kind === 'drill.started' ? [] : run)),
      );
      for (const run of begun) this.#take(run);
      // What is written of points and schedules changes no run.
      if (fresh.length === 0) return void (this.#read = last);
    }
    this.#read = last;
    this.#changes += 1;
    this.#sorted = undefined;
  }

  #take(run: string): void {
    try {
      this.#runs.set(run, showRun(this.#journal, run));
    } catch (error) {
      // A word about a run whose beginning is on another machine: it is shown when that was brought here.
      if (!isLifeboatError(error, 'run.missing')) throw error;
    }
  }
}
