import { isoTime, limits, type Clock } from '../../core/index.ts';
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { ApiEvent } from '../contract/index.ts';

/** One who listens: what waits for them, until they take it. */
export interface Listener {
  /** The next event, with its id where it has one; undefined: it is over. */
  next(): Promise<{ readonly id: string | undefined; readonly event: ApiEvent } | undefined>;
  end(): void;
}

/** Tells everybody who listens what is written into the journal, by whatever process, and what this server says of itself. */
export class Events {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  /** Who waits, and what for. */
  readonly #waiting = new Map<Waiting, string>();
  #read = 0;
  #isWatched = false;

  constructor(journal: Journal, clock: Clock, signal: AbortSignal) {
    this.#journal = journal;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** For `who`: nobody takes all places, whatever they have open. */
  isFull(who: string): boolean {
    const own = [...this.#waiting.values()].filter((name) => name === who).length;
    return own >= limits.listenersOfOneMax || this.#waiting.size >= limits.listenersMax;
  }

  /** `after`: the last number that they saw; undefined: they have just read everything. */
  listen(who: string, after: number | undefined): Listener {
    // Nobody looked while nobody listened.
    if (this.#waiting.size === 0) this.#read = this.#journal.last();
    else this.#look();
    const waiting = new Waiting(this.#clock);
    // Whoever begins now knows from then on where they are.
    if (after === undefined) waiting.give(String(this.#read), { type: 'beat', at: isoTime(this.#clock.now()) });
    if (after !== undefined && after !== this.#read) {
      const isKnown = after < this.#read && this.#read - after <= limits.eventsMissedMax;
      if (isKnown) waiting.owe(this.#journal.records({ after, most: this.#read - after }).map(recordEvent));
      else waiting.gap(this.#read);
    }
    this.#waiting.set(waiting, who);
    if (!this.#isWatched) void this.#watch();
    return {
      next: () => waiting.next(),
      end: () => {
        this.#waiting.delete(waiting);
        waiting.end();
      },
    };
  }

  tell(event: ApiEvent): void {
    for (const waiting of this.#waiting.keys()) waiting.give(undefined, event);
  }

  close(): void {
    for (const waiting of this.#waiting.keys()) waiting.end();
    this.#waiting.clear();
  }

  /** As long as somebody listens. */
  async #watch(): Promise<void> {
    this.#isWatched = true;
    let beatMs = this.#clock.elapsed();
    while (this.#waiting.size > 0 && !this.#signal.aborted) {
      await this.#clock.sleep(limits.eventLookMs, this.#signal).catch(() => {}); // all is over
      if (this.#signal.aborted) break;
      this.#look();
      if (this.#clock.elapsed() - beatMs < limits.eventBeatMs) continue;
      beatMs = this.#clock.elapsed();
      this.tell({ type: 'beat', at: isoTime(this.#clock.now()) });
    }
    this.#isWatched = false;
    if (this.#signal.aborted) this.close();
  }

  #look(): void {
    try {
      const last = this.#journal.last();
      while (this.#read < last) {
        const records = this.#journal.records({ after: this.#read, most: limits.eventsHeldMax });
        if (records.length === 0) return;
        this.#read = records.at(-1)?.sequence ?? last;
        for (const record of records) {
          const { id, event } = recordEvent(record);
          for (const waiting of this.#waiting.keys()) waiting.give(id, event);
        }
      }
    } catch {
      // A journal that is busy, or whose disk is gone, tells nothing now; what it holds is told when it can be read.
    }
  }
}

/** What waits for one who listens, bounded: who does not take it is told that they missed something. */
class Waiting {
  readonly #clock: Clock;
  #held: { id: string | undefined; event: ApiEvent }[] = [];
  #isOver = false;
  #wake = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  owe(events: { id: string | undefined; event: ApiEvent }[]): void {
    this.#held.push(...events);
    this.#wake.resolve();
  }

  give(id: string | undefined, event: ApiEvent): void {
    this.#held.push({ id, event });
    if (this.#held.length > limits.eventsHeldMax + limits.eventsMissedMax) {
      const newest = this.#held.findLast((one) => one.id !== undefined)?.id;
      this.#held = [];
      this.gap(Number(newest ?? 0));
    }
    this.#wake.resolve();
  }

  gap(sequence: number): void {
    this.#held.push({ id: String(sequence), event: { type: 'gap', at: isoTime(this.#clock.now()), sequence } });
    this.#wake.resolve();
  }

  async next(): Promise<{ id: string | undefined; event: ApiEvent } | undefined> {
    for (;;) {
      const next = this.#held.shift();
      if (next !== undefined) return next;
      if (this.#isOver) return undefined;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }
}

/** What of a record says what it is about: names and outcomes. Texts, outputs and figures are asked for where they are shown. */
const shown = [
  'asset',
  'store',
  'from',
  'to',
  'point',
  'task',
  'drill',
  'scenario',
  'step',
  'state',
  'verdict',
  'attempt',
  'kind',
  'word',
  'as',
  'what',
  'outcome',
  'ok',
] as const;

function recordEvent({ sequence, atMs, kind, run, data }: JournalRecord): { id: string; event: ApiEvent } {
  const about = shown.flatMap((key): [string, string | number | boolean][] => {
    const value = data[key];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[key, value]] : [];
  });
  const event = { type: 'record', sequence, at: isoTime(atMs), kind, run: run ?? null } as const;
  return { id: String(sequence), event: { ...event, about: Object.fromEntries(about) } };
}
