import {
  chance,
  isoTime,
  LifeboatError,
  limits,
  toLifeboatError,
  type Clock,
  type Progress,
} from '../../core/index.ts';
import type { Operation } from '../contract/index.ts';
import { problemOf } from '../failures.ts';

export interface OperationWish {
  readonly kind: Operation['kind'];
  readonly about: string;
  readonly by: string;
  readonly run?: string;
}

export interface OperationHands {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

interface Entry {
  readonly shown: Mutable<Omit<Operation, 'seconds' | 'hangs'>>;
  readonly stop: AbortController;
  readonly beganElapsedMs: number;
  movedElapsedMs: number;
  toldElapsedMs: number;
  tookMs: number | undefined;
  ended: Promise<void>;
}

/** A change is told so often at most: smooth to the eye, nothing to the work. */
const toldEveryMs = 500;

/** What people asked this server to do, beside the schedule: what runs, and what ended lately. The journal has what it did. */
export class Operations {
  readonly #clock: Clock;
  readonly #tell: (operation: Operation) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, tell: (operation: Operation) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Begins it and returns at once; what becomes of it is told. Throws `api.busy`. */
  start(wish: OperationWish, work: (hands: OperationHands) => Promise<string>): Operation {
    const running = [...this.#entries.values()].filter(({ shown }) => shown.state === 'running');
    if (running.length >= limits.operationsAtOnce)
      throw new LifeboatError('api.busy', `${running.length} things that were asked for are under way`, {
        hint: 'Wait for one of them, or cancel it.',
      });
    const entry = this.#entryOf(wish);
    this.#entries.set(entry.shown.id, entry);
    entry.ended = this.#run(entry, work);
    this.#forget();
    return this.#show(entry);
  }

  /** Newest first. */
  list(): Operation[] {
    return [...this.#entries.values()].map((entry) => this.#show(entry)).toReversed();
  }

  /** Throws `api.unknown`. */
  find(id: string): Operation {
    return this.#show(this.#of(id));
  }

  /** Asks it to stop; it does within seconds. Throws `api.unknown`. */
  cancel(id: string, by: string): Operation {
    const entry = this.#of(id);
    entry.stop.abort(new LifeboatError('operation.cancelled', `${by} stopped it`));
    return this.#show(entry);
  }

  /** Tells everything to stop, and waits for a while. */
  async close(): Promise<void> {
    const reason = new LifeboatError('operation.cancelled', 'the server was told to end');
    for (const { stop } of this.#entries.values()) stop.abort(reason);
    const over = new AbortController();
    const all = Promise.all([...this.#entries.values()].map(({ ended }) => ended));
    const late = this.#clock.sleep(limits.serveStopMs, over.signal).catch(() => {}); // all ended before
    await Promise.race([all, late]);
    over.abort();
  }

  #entryOf({ kind, about, by, run }: OperationWish): Entry {
    const nowMs = this.#clock.elapsed();
    return {
      shown: {
        id: chance(12),
        kind,
        about,
        by,
        state: 'running',
        startedAt: isoTime(this.#clock.now()),
        finishedAt: null,
        phase: '',
        done: null,
        total: null,
        unit: null,
        run: run ?? null,
        words: '',
        error: null,
        cancellable: true,
      },
      stop: new AbortController(),
      beganElapsedMs: nowMs,
      movedElapsedMs: nowMs,
      toldElapsedMs: -Infinity,
      tookMs: undefined,
      ended: Promise.resolve(),
    };
  }

  async #run(entry: Entry, work: (hands: OperationHands) => Promise<string>): Promise<void> {
    const { shown, stop } = entry;
    try {
      shown.words = await work({ id: shown.id, signal: stop.signal, progress: this.#progressOf(entry) });
      shown.state = 'done';
    } catch (thrown) {
      const error = toLifeboatError(stop.signal.aborted ? stop.signal.reason : thrown);
      shown.state = stop.signal.aborted ? 'cancelled' : 'failed';
      shown.words = problemOf(error).message;
      shown.error = problemOf(error);
    }
    shown.finishedAt = isoTime(this.#clock.now());
    shown.cancellable = false;
    entry.tookMs = this.#clock.elapsed() - entry.beganElapsedMs;
    this.#tell(this.#show(entry));
  }

  #progressOf(entry: Entry): Progress {
    const { shown } = entry;
    return {
      phase: (name, total = {}) => {
        shown.phase = name;
        const { bytes, items } = total;
        shown.unit = bytes === undefined ? (items === undefined ? null : 'files') : 'bytes';
        shown.total = bytes ?? items ?? null;
        shown.done = shown.unit === null ? null : 0;
        this.#moved(entry);
      },
      advance: ({ bytes = 0, items = 0 }) => {
        if (shown.unit !== null) shown.done = (shown.done ?? 0) + (shown.unit === 'bytes' ? bytes : items);
        if ((shown.done ?? 0) > (shown.total ?? Infinity)) shown.total = null;
        this.#moved(entry);
      },
      note: (words) => {
        shown.words = words;
        this.#moved(entry);
      },
    };
  }

  #moved(entry: Entry): void {
    const nowMs = this.#clock.elapsed();
    entry.movedElapsedMs = nowMs;
    if (nowMs - entry.toldElapsedMs < toldEveryMs) return;
    entry.toldElapsedMs = nowMs;
    this.#tell(this.#show(entry));
  }

  #show({ shown, beganElapsedMs, movedElapsedMs, tookMs }: Entry): Operation {
    const nowMs = this.#clock.elapsed();
    const hangs = shown.state === 'running' && nowMs - movedElapsedMs > limits.jobSilentMs;
    return { ...shown, seconds: (tookMs ?? nowMs - beganElapsedMs) / 1000, hangs };
  }

  #of(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return entry;
    throw new LifeboatError('api.unknown', `nothing of that kind was asked for here lately: ${id}`);
  }

  #forget(): void {
    for (const [id, { shown }] of this.#entries) {
      if (this.#entries.size <= limits.operationsKept) return;
      if (shown.state !== 'running') this.#entries.delete(id);
    }
  }
}
