import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../core/index.ts';
import { openJournal, type Journal } from '../../journal/index.ts';
import { parseCalendar } from '../../plan/index.ts';
import { Ledger, Scheduler, type Hands, type Outcome, type SchedulerEvent, type Task, type Work } from '../index.ts';

export const dayMs = 86_400_000;
export const done: Outcome = { state: 'done', words: 'as it should be' };

export const taskOf = (work: Work, words: string, more: Partial<Task> = {}): Task => ({
  id: Object.values(work).join(' '),
  work,
  calendars: words === '' ? [] : [parseCalendar(words, 'UTC')],
  atOnce: false,
  spread: false,
  wakes: [],
  ...more,
});

export const backupOf = (asset: string, words = '1d at 02:00', more: Partial<Task> = {}): Task => ({
  ...taskOf({ kind: 'backup', asset, stores: ['near'] }, words),
  id: `backup ${asset}`,
  ...more,
});

export interface Bench {
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  readonly events: SchedulerEvent[];
  /** Lets time pass and what was begun end. */
  pass(ms: number): Promise<void>;
  /** Tells it to stop, and waits for its end as long as it has. */
  stop(): Promise<string[]>;
  /** As `kill -9` does: nothing is told, nothing is waited for. */
  kill(): void;
}

/** A scheduler on a real journal and a clock that moves when it is told to. */
export class BenchFolder {
  readonly folder: string;
  readonly #open: Journal[] = [];

  constructor(root = tmpdir()) {
    this.folder = mkdtempSync(join(root, 'lifeboat-schedule-'));
  }

  start(
    tasks: readonly Task[],
    hands: Hands,
    options: { clock?: ManualClock; jobsAtOnce?: number; wrap?: (journal: Journal) => Journal } = {},
  ): Bench {
    const { clock = new ManualClock(), jobsAtOnce = 4, wrap = (one) => one } = options;
    const journal = openJournal(join(this.folder, 'journal.db'), { clock, host: 'bench' });
    this.#open.push(journal);
    const ledger = new Ledger(wrap(journal), clock);
    ledger.refresh();
    ledger.bury(tasks);
    const events: SchedulerEvent[] = [];
    const scheduler = new Scheduler({ clock, ledger, hands, jobsAtOnce, say: (event) => void events.push(event) });
    scheduler.use(tasks);
    const over = new AbortController();
    const ended = scheduler.run(over.signal);
    return {
      clock,
      journal,
      scheduler,
      ledger,
      events,
      pass: async (ms) => {
        await settled();
        await clock.advance(ms);
        await settled();
      },
      stop: async () => {
        over.abort(new Error('told to stop'));
        await settled();
        await clock.advance(120_000);
        return ended;
      },
      kill: () => {
        // Whatever it would still write is lost with it.
        journal.close();
        this.#open.splice(this.#open.indexOf(journal), 1);
        over.abort(new Error('killed'));
        ended.catch(() => {});
      },
    };
  }

  remove(): void {
    for (const journal of this.#open) journal.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What is only waiting for its turn in this process has had it. */
export async function settled(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
