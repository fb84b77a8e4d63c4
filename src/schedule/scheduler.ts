import { limits, LifeboatError, toLifeboatError, type Clock, type Progress } from '../core/index.ts';
import { dueAt, missedTurns, rhythmMs } from './due.ts';
import type { Job } from './job.ts';
import type { Ledger } from './ledger.ts';
import { Queue } from './queue.ts';
import type { Outcome, Task } from './task.ts';
import { Unwritten } from './unwritten.ts';

/** Does one try of a task. What it throws is a try that could not take place. */
export type Hands = (
  task: Task,
  job: { readonly signal: AbortSignal; readonly progress: Progress },
) => Promise<Outcome>;

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly hands: Hands;
  /** Tasks that are done at once, at most. */
  readonly jobsAtOnce: number;
  say(event: SchedulerEvent): void;
}

export type SchedulerEvent =
  | { readonly event: 'began'; readonly task: string; readonly missed: number }
  | { readonly event: 'ended'; readonly task: string; readonly outcome: Outcome; readonly seconds: number }
  | { readonly event: 'silent'; readonly task: string; readonly silentSeconds: number }
  /** The scheduler itself cannot work: it begins nothing, for nothing begins that is not written down. */
  | { readonly event: 'trouble'; readonly error: LifeboatError }
  | { readonly event: 'note'; readonly task?: string; readonly words: string };

/**
 * Begins what is due, each thing at most once at a time, the latest first, and writes down that it does before it does. It remembers nothing that
 * the ledger does not, so it may be killed at any moment.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #tasks = new Map<string, Task>();
  readonly #due = new Map<string, number | undefined>();
  readonly #rhythms = new Map<string, number>();
  readonly #woken = new Map<string, number>();
  readonly #running = new Map<string, Job>();
  readonly #queue: Queue;
  #nap = new AbortController();
  #tickedElapsedMs: number;
  #tickedMs = -Infinity;
  #trouble: LifeboatError | undefined;
  readonly #unwritten: Unwritten;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#queue = new Queue(options.jobsAtOnce);
    this.#unwritten = new Unwritten(options.ledger, (id) => {
      const task = this.#tasks.get(id);
      if (task !== undefined) this.#look(task);
    });
    this.#tickedElapsedMs = options.clock.elapsed();
  }

  /** From now on these and no others; what is under way goes on. Throws `journal.*`. */
  use(tasks: readonly Task[]): void {
    const { ledger } = this.#options;
    ledger.adopt(tasks);
    this.#tasks.clear();
    this.#due.clear();
    this.#rhythms.clear();
    for (const task of tasks) {
      this.#tasks.set(task.id, task);
      this.#rhythms.set(task.id, rhythmMs(task.calendars, this.#options.clock.now()));
      this.#look(task);
    }
    this.#nap.abort();
  }

  get tasks(): readonly Task[] {
    return [...this.#tasks.values()];
  }

  get running(): readonly Job[] {
    return [...this.#running.values()];
  }

  /** When a task is due next; in the past: since when it waits. */
  dueMs(task: string): number | undefined {
    return this.#due.get(task);
  }

  /** How far the turns of a task are apart, as they were when it was taken up. */
  rhythmMs(task: string): number | undefined {
    return this.#rhythms.get(task);
  }

  /** How long ago the clock was last looked at, and what keeps it from beginning anything. */
  health(): { readonly tickSeconds: number; readonly trouble: LifeboatError | undefined } {
    const tickSeconds = (this.#options.clock.elapsed() - this.#tickedElapsedMs) / 1000;
    return { tickSeconds, trouble: this.#trouble };
  }

  /**
   * Until the signal fires; then everything is told to stop, `beside` is called once, and both have `limits.serveStopMs`. Returns what did
   * not end in it.
   */
  async run(signal: AbortSignal, beside: () => Promise<void> = async () => {}): Promise<string[]> {
    const { clock } = this.#options;
    const wake = (): void => this.#nap.abort();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        this.#nap = new AbortController();
        this.#tick();
        const waitMs = Math.min(limits.tickMs, Math.max(1, this.#nextMs() - clock.now()));
        await clock.sleep(waitMs, this.#nap.signal).catch(() => {}); // woken: something ended, or all is over
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
    return this.#end(signal.reason, beside);
  }

  #tick(): void {
    const { clock } = this.#options;
    const nowMs = clock.now();
    this.#tickedElapsedMs = clock.elapsed();
    // Set back: what was worked out by the clock as it was would wait until it has caught up.
    if (nowMs < this.#tickedMs) for (const task of this.#tasks.values()) this.#look(task);
    this.#tickedMs = nowMs;
    for (const job of this.#running.values()) this.#watch(job);
    try {
      this.#unwritten.writeLate();
      this.#lookAgain(nowMs);
      for (const task of this.#queue.choose(
        this.#waiting(nowMs),
        this.running.map(({ task: { work } }) => work.kind),
      ))
        this.#begin(task, nowMs);
      this.#trouble = undefined;
    } catch (error) {
      this.#inTrouble(error);
    }
  }

  /** Writes it, or keeps it until the journal takes records again: trouble, which is said and shown until then. */
  #write(kind: string, task: string, data: Record<string, unknown>): void {
    try {
      this.#unwritten.write(kind, { task, ...data });
    } catch (error) {
      this.#inTrouble(error);
    }
  }

  #inTrouble(error: unknown): void {
    const trouble = toLifeboatError(error);
    if (this.#trouble?.message !== trouble.message) this.#options.say({ event: 'trouble', error: trouble });
    this.#trouble = trouble;
  }

  /** What is to be tried again may have been done by others meanwhile. */
  #lookAgain(nowMs: number): void {
    const { ledger } = this.#options;
    const again = [...this.#tasks.values()].filter(({ id }) => {
      const dueMs = this.#due.get(id);
      return dueMs !== undefined && dueMs <= nowMs && dueMs === ledger.of(id).againMs && !this.#running.has(id);
    });
    if (again.length === 0) return;
    ledger.refresh();
    for (const task of again) this.#look(task);
  }

  /**
   * Tasks that are due and not under way, the latest by its own rhythm first: a quarter of an hour is nothing to a thousand nightly backups, and three
   * turns of one that comes each five minutes. Whatever waits becomes the latest in the end: nothing starves.
   */
  #waiting(nowMs: number): Task[] {
    const waiting: { task: Task; late: number; rhythm: number }[] = [];
    for (const [id, dueMs] of this.#due) {
      const task = this.#tasks.get(id);
      if (task === undefined || dueMs === undefined || dueMs > nowMs || this.#running.has(id)) continue;
      const rhythm = this.#rhythms.get(id) ?? limits.againMsMax;
      waiting.push({ task, late: (nowMs - dueMs) / rhythm, rhythm });
    }
    return waiting.sort((one, other) => other.late - one.late || one.rhythm - other.rhythm).map(({ task }) => task);
  }

  #begin(task: Task, nowMs: number): void {
    const { ledger, hands, clock, say } = this.#options;
    const missed = missedTurns(task.calendars, ledger.past(task).baseMs, nowMs);
    ledger.append('schedule.started', { task: task.id, dueMs: this.#due.get(task.id) ?? nowMs, missed });
    this.#woken.delete(task.id);
    const controller = new AbortController();
    const beganElapsedMs = clock.elapsed();
    const progress = this.#progressOf(task.id);
    const ended = Promise.resolve()
      .then(() => hands(task, { signal: controller.signal, progress }))
      .catch((error: unknown) => outcomeOf(error, controller.signal))
      .then((outcome) => this.#ended(task, outcome, (clock.elapsed() - beganElapsedMs) / 1000));
    this.#running.set(task.id, {
      task,
      beganMs: nowMs,
      beganElapsedMs,
      movedElapsedMs: beganElapsedMs,
      silent: false,
      controller,
      ended,
    });
    say({ event: 'began', task: task.id, missed });
  }

  #ended(task: Task, outcome: Outcome, seconds: number): void {
    const { say, clock } = this.#options;
    this.#running.delete(task.id);
    // If this process dies before it is written, nobody will know that it was done, and it is done again.
    this.#write('schedule.finished', task.id, { seconds, ...outcome });
    say({ event: 'ended', task: task.id, outcome, seconds });
    if (outcome.state === 'done') {
      for (const id of task.wakes) {
        this.#woken.set(id, clock.now());
        const woken = this.#tasks.get(id);
        if (woken !== undefined) this.#look(woken);
      }
    }
    const current = this.#tasks.get(task.id);
    if (current !== undefined) this.#look(current);
    this.#nap.abort();
  }

  /** When it is due, by what is known now. */
  #look(task: Task): void {
    const { ledger, clock } = this.#options;
    const nowMs = clock.now();
    const past = ledger.past(task);
    // Begun, and not by us: its end could not be written down.
    const lost = ledger.of(task.id).state === 'begun' && !this.#running.has(task.id);
    const againMs = lost ? nowMs + limits.againMs : past.againMs;
    this.#due.set(task.id, dueAt(task, { ...past, againMs, wokenMs: this.#woken.get(task.id) }, nowMs));
  }

  #nextMs(): number {
    let next = Infinity;
    const nowMs = this.#options.clock.now();
    for (const dueMs of this.#due.values()) if (dueMs !== undefined && dueMs > nowMs && dueMs < next) next = dueMs;
    return next;
  }

  #progressOf(task: string): Progress {
    const { clock, say } = this.#options;
    const moved = (): void => {
      const job = this.#running.get(task);
      if (job === undefined) return;
      job.movedElapsedMs = clock.elapsed();
      if (job.silent) this.#write('schedule.moved', task, {});
      job.silent = false;
    };
    return {
      phase: moved,
      advance: moved,
      note: (words) => {
        moved();
        say({ event: 'note', task, words });
      },
    };
  }

  #watch(job: Job): void {
    const { clock, say } = this.#options;
    const silentMs = clock.elapsed() - job.movedElapsedMs;
    if (silentMs < limits.jobSilentMs) return;
    const task = job.task.id;
    if (!job.silent) {
      job.silent = true;
      say({ event: 'silent', task, silentSeconds: silentMs / 1000 });
      this.#write('schedule.silent', task, { silentSeconds: silentMs / 1000 });
    }
    if (silentMs < limits.jobSilentEndMs || job.controller.signal.aborted) return;
    job.controller.abort(
      new LifeboatError('operation.silent', `${task} showed no progress for ${Math.round(silentMs / 3_600_000)} h`, {
        hint: 'Look what its source or store waits for.',
      }),
    );
  }

  async #end(reason: unknown, beside: () => Promise<void>): Promise<string[]> {
    const jobs = this.running;
    for (const { controller } of jobs) controller.abort(reason);
    const over = new AbortController();
    const bound = this.#options.clock.sleep(limits.serveStopMs, over.signal).catch(() => {}); // all ended before
    await Promise.race([Promise.all([beside(), ...jobs.map(({ ended }) => ended)]), bound]);
    over.abort();
    return this.running.map(({ task }) => task.id);
  }
}

function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  const { message, code, retry } = toLifeboatError(signal.aborted ? signal.reason : error);
  if (signal.aborted && code !== 'operation.silent') return { state: 'stopped', words: message };
  return { state: 'failed', words: message, code, soon: retry === 'later' };
}
