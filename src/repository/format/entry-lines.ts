import { free, limits } from '../../core/index.ts';

/** The lines of an entry, now or later; a function is asked when all lines before are done. */
export type Line = string | Promise<string> | (() => Promise<string>);

/** Brings lines into the order of the capture, however the reading behind each of them ends. */
export class EntryLines {
  readonly #take: (lines: Buffer) => Promise<void>;
  /** Lines that were not handed on yet: bytes of each alone would be left to the garbage collector. */
  #text = '';
  readonly #queue: Line[] = [];
  #working: Promise<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #error: unknown;

  /** `take` is called with many lines at a time, which are good until it has returned. */
  constructor(take: (lines: Buffer) => Promise<void>) {
    this.#take = take;
  }

  /** Whether the next line would have to wait. */
  get full(): boolean {
    return this.#queue.length >= limits.entriesInFlight;
  }

  /** Waits while too many lines are not done. Throws the first error of any line. */
  async room(): Promise<void> {
    while (this.full) await (this.#room ??= Promise.withResolvers()).promise;
    if (this.#error !== undefined) throw this.#error;
  }

  add(line: Line): void {
    // Awaited in order; a failure of a later one must not look unhandled until then.
    if (line instanceof Promise) line.catch(() => {});
    this.#queue.push(line);
    this.#working ??= this.#work();
  }

  /** Waits until every line is done, and handed on. Throws the first error. */
  async done(): Promise<void> {
    await this.ended();
    // What could not be handed on is gone: a list without it must never be taken for whole.
    if (this.#error === undefined) await this.#handOn().catch((error: unknown) => void (this.#error = error));
    if (this.#error !== undefined) throw this.#error;
  }

  /** As `done`, but throws nothing. */
  async ended(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #work(): Promise<void> {
    for (let at = 0; at < this.#queue.length;) {
      const line = this.#queue[at] as Line;
      at += 1;
      try {
        const text = await (typeof line === 'function' ? line() : line);
        if (this.#error === undefined) await this.#add(text);
      } catch (error) {
        this.#error ??= error;
      }
      // Taking from the front one by one would move all others each time.
      if (at < batch && at < this.#queue.length) continue;
      this.#queue.splice(0, at);
      at = 0;
      this.#room?.resolve();
      this.#room = undefined;
    }
    this.#working = undefined;
  }

  async #add(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= textMax) await this.#handOn();
  }

  async #handOn(): Promise<void> {
    const lines = Buffer.from(this.#text);
    this.#text = '';
    await this.#take(lines);
    free(lines);
  }
}

const textMax = 64 * 2 ** 10;

const batch = 256;
