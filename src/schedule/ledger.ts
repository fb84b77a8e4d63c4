import { limits, type Clock } from '../core/index.ts';
import type { Journal, JournalRecord } from '../journal/index.ts';
import { againAfterMs, type Past } from './due.ts';
import type { Outcome, Task, Work } from './task.ts';

/** What the journal knows of a task; moments in milliseconds since 1970, undefined: never. */
export interface TaskHistory {
  /** Since when turns are counted. */
  readonly adoptedMs: number;
  readonly beganMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly doneMs: number | undefined;
  /** `begun`: it runs, or whoever ran it has died. */
  readonly state: Outcome['state'] | 'never' | 'begun';
  readonly words: string;
  /** Tries since it was last done or red. */
  readonly failures: number;
  readonly againMs: number | undefined;
  /** Since when what it found is bad: whatever was tried and failed since, until it is done. */
  readonly redMs: number | undefined;
  readonly redWords: string;
  /** Since when it was said to hang, while it is under way. */
  readonly silentMs: number | undefined;
  /** Turns that went by without it, all together, as far as the journal was read. */
  readonly missed: number;
  /** When such turns were last found. */
  readonly missedMs: number | undefined;
}

/** What was stored of an asset in a store last. */
export interface BackupFact {
  readonly atMs: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly seconds: number;
}

const kinds = [
  'schedule.*',
  'backup.finished',
  'drill.finished',
  'verify.finished',
  'copy.finished',
  'prune.finished',
  'restore.finished',
  'keys.tested',
];

/**
 * What the journal says of everything that is done on a calendar, by whomever: read once, then only what is new. It is the only memory of a
 * scheduler, so that one that is killed, or one on another machine, goes on where it stood.
 */
export class Ledger {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #tasks = new Map<string, TaskHistory>();
  #read: number | undefined;
  readonly backups = new Map<string, Map<string, BackupFact>>();
  /** Of drills that passed, by their names. */
  readonly drills = new Map<string, number>();
  /** Of verifications that found nothing, of copies and prunes, by the store that they were about. */
  readonly verified = new Map<string, number>();
  readonly copied = new Map<string, number>();
  readonly pruned = new Map<string, number>();
  /** Of restores whose checks were green, by asset. */
  readonly restored = new Map<string, number>();
  #keysTestedMs = 0;

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  get keysTestedMs(): number {
    return this.#keysTestedMs;
  }

  /** Takes in what was added since. Throws `journal.*`. */
  refresh(): void {
    // What other machines did is read with the first look, in the order of time among ours; later they are not at work.
    const others = this.#read === undefined ? this.#journal.records({ kinds, others: true }) : [];
    let other = 0;
    for (const record of this.#added()) {
      for (; (others[other]?.atMs ?? Infinity) <= record.atMs; other += 1) this.#take(others[other] as JournalRecord);
      this.#take(record);
    }
    for (const record of others.slice(other)) this.#take(record);
  }

  /** In pages: a journal of years must not stand in memory at once. */
  *#added(): Generator<JournalRecord> {
    for (;;) {
      const page = this.#journal.records({ kinds, after: this.#read ?? 0, most: limits.recordsAtOnce });
      for (const record of page) {
        this.#read = record.sequence;
        yield record;
      }
      this.#read ??= 0;
      if (page.length < limits.recordsAtOnce) return;
    }
  }

  /** Notes tasks that nobody has seen before: their turns count from now. Throws `journal.*`. */
  adopt(tasks: readonly Task[]): void {
    const fresh = tasks.filter(({ id }) => !this.#tasks.has(id)).map(({ id }) => id);
    if (fresh.length > 0) this.append('schedule.adopted', { tasks: fresh });
  }

  of(task: string): TaskHistory {
    const known = this.#tasks.get(task);
    if (known !== undefined) return known;
    return { ...unknown, adoptedMs: this.#clock.now() };
  }

  past({ id, work }: Task): Past {
    const { adoptedMs, beganMs, endedMs, againMs } = this.of(id);
    const takenMs = work.kind === 'backup' ? this.#takenMs(work.asset, work.stores) : undefined;
    // Somebody else has taken the point since, by hand or for a stream: there is nothing to try again.
    const isMoot = takenMs !== undefined && endedMs !== undefined && takenMs > endedMs;
    const baseMs = isMoot ? takenMs : (beganMs ?? takenMs ?? adoptedMs);
    return { baseMs, everBegan: (beganMs ?? takenMs) !== undefined, againMs: isMoot ? undefined : againMs };
  }

  /** Durable when it returns, and known here. Throws `journal.*`, `disk.*`. */
  append(kind: string, data: Record<string, unknown>): JournalRecord {
    const record = this.#journal.append(kind, data);
    this.refresh();
    return record;
  }

  /**
   * Of tries that began here or elsewhere and that nobody has ended: whoever did them is gone. What one of these tasks was to do and what the journal says
   * took place since is done, and not done twice. Call it when nothing runs. Throws `journal.*`, `disk.*`.
   */
  bury(tasks: readonly Task[]): string[] {
    const works = new Map(tasks.map(({ id, work }) => [id, work]));
    const dead = [...this.#tasks].filter(([, { state }]) => state === 'begun');
    for (const [task, { beganMs = Infinity }] of dead) {
      const cameToItsEnd = (this.#workedMs(works.get(task)) ?? -Infinity) > beganMs;
      this.append('schedule.finished', { task, ...(cameToItsEnd ? doneByTheDead : cutOff) });
    }
    return dead.map(([task]) => task);
  }

  /**
   * When work of that kind last came to its end, where its own record says all of it. A drill is over with its report, a reading back with what its checks
   * say, and copies are told from each other by more than where they go.
   */
  #workedMs(work: Work | undefined): number | undefined {
    if (work?.kind === 'backup') return this.#takenMs(work.asset, work.stores);
    return work?.kind === 'prune' ? this.pruned.get(work.store) : undefined;
  }

  /** Since when there is a point in each of these stores. */
  #takenMs(asset: string, stores: readonly string[]): number | undefined {
    const taken = stores.map((store) => this.backups.get(asset)?.get(store)?.atMs);
    return taken.length === 0 || taken.includes(undefined) ? undefined : Math.min(...(taken as number[]));
  }

  #take(record: JournalRecord): void {
    const { kind, data, atMs } = record;
    const task = String(data['task']);
    if (kind === 'schedule.adopted')
      for (const id of data['tasks'] as string[]) {
        if (!this.#tasks.has(id)) this.#tasks.set(id, { ...unknown, adoptedMs: atMs });
      }
    else if (kind === 'schedule.started') this.#began(task, atMs, Number(data['missed'] ?? 0));
    else if (kind === 'schedule.silent') this.#tasks.set(task, { ...this.of(task), silentMs: atMs });
    else if (kind === 'schedule.moved') this.#tasks.set(task, { ...this.of(task), silentMs: undefined });
    else if (kind === 'schedule.finished') this.#ended(task, atMs, data as unknown as Ended);
    else this.#takeWork(record);
  }

  #began(task: string, atMs: number, missed: number): void {
    const before = this.of(task);
    this.#tasks.set(task, {
      ...before,
      beganMs: atMs,
      state: 'begun',
      silentMs: undefined,
      missed: before.missed + missed,
      missedMs: missed > 0 ? atMs : before.missedMs,
    });
  }

  #ended(task: string, atMs: number, { state, words, soon, code }: Ended): void {
    const before = this.of(task);
    // Busy: somebody else does the very thing now. That is no failure, and looked at again in a minute.
    const isFailure = state === 'failed' && code !== 'operation.busy';
    const failures = isFailure ? before.failures + 1 : state === 'done' || state === 'red' ? 0 : before.failures;
    const againMs =
      state === 'failed' ? atMs + againAfterMs(failures, soon === true) : state === 'stopped' ? atMs : undefined;
    const doneMs = state === 'done' ? atMs : before.doneMs;
    const red =
      state === 'red'
        ? { redMs: atMs, redWords: words }
        : state === 'done'
          ? { redMs: undefined, redWords: '' }
          : { redMs: before.redMs, redWords: before.redWords };
    this.#tasks.set(task, {
      ...before,
      ...red,
      endedMs: atMs,
      doneMs,
      state,
      words,
      failures,
      againMs,
      silentMs: undefined,
    });
  }

  #takeWork({ kind, data, atMs }: JournalRecord): void {
    const store = String(data['store']);
    if (kind === 'backup.finished') {
      const [bytes, storedBytes, seconds] = ['bytes', 'storedBytes', 'seconds'].map((key) => Number(data[key] ?? 0));
      const of = this.backups.get(String(data['asset'])) ?? new Map<string, BackupFact>();
      of.set(store, { atMs, bytes: bytes ?? 0, storedBytes: storedBytes ?? 0, seconds: seconds ?? 0 });
      this.backups.set(String(data['asset']), of);
    } else if (kind === 'drill.finished' && data['verdict'] === 'pass') this.drills.set(String(data['drill']), atMs);
    else if (kind === 'verify.finished' && data['ok'] === true && isRead(data)) this.verified.set(store, atMs);
    // Some points that a prune moves are not the copy that the calendar asks for.
    else if (kind === 'copy.finished' && data['only'] === undefined) this.copied.set(String(data['to']), atMs);
    else if (kind === 'prune.finished') this.pruned.set(store, atMs);
    else if (kind === 'restore.finished') this.restored.set(String(data['asset']), atMs);
    else if (kind === 'keys.tested') this.#keysTestedMs = atMs;
  }
}

/** A look at the structure alone reads nothing back; a point kept outside is read by who keeps it. */
const isRead = ({ depth }: Record<string, unknown>): boolean => depth !== 'structure' && depth !== 'outside';

const doneByTheDead = { state: 'done', words: 'it was done; whoever did it ended before that was written down' };
const cutOff = {
  state: 'failed',
  words: 'whoever did it ended before it was done',
  code: 'operation.cancelled',
  soon: true,
};

type Ended = {
  readonly state: Outcome['state'];
  readonly words: string;
  readonly soon?: boolean;
  readonly code?: string;
};

const unknown: Omit<TaskHistory, 'adoptedMs'> = {
  beganMs: undefined,
  endedMs: undefined,
  doneMs: undefined,
  state: 'never',
  words: '',
  failures: 0,
  againMs: undefined,
  redMs: undefined,
  redWords: '',
  silentMs: undefined,
  missed: 0,
  missedMs: undefined,
};
