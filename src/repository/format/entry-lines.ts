import { free, limits } from '../../core/index.ts';

/** The lines of an entry, now or later; a function is asked when all lines before are done. */
export type Line = string | Promise<string> | (() => Promise<string>);

/**
 * Lines that need nothing any more and wait for others before them. Text, and what it was cut from, would live until a full round of the
 * collector: bytes lie beside its heap, and are given back.
 */
class ReadyLines {
  lines = 0;
  readonly bytes: Buffer[] = [];
  text = '';

  add(line: string): void {
    this.lines += 1;
    this.text += line;
    if (this.text.length >= readyTextMax) this.#turn();
  }

  /** No more lines come. Of the shortest text, too, all that it was cut from would be kept. */
  close(): void {
    if (this.text !== '') this.#turn();
  }

  #turn(): void {
    this.bytes.push(Buffer.from(this.text));
    this.text = '';
  }
}

type Waiting = Exclude<Line, string> | ReadyLines;

const readyTextMax = 32 * 2 ** 10;
const handedOnMin = 2 ** 10;

/** Brings lines into the order of the capture, however the reading behind each of them ends. */
export class EntryLines {
  readonly #take: (lines: Buffer) => Promise<void>;
  /** Lines that were not handed on yet: bytes of each alone would be left to the garbage collector. */
  #text = '';
  readonly #queue: Waiting[] = [];
  /** The last of the queue, while more lines may come to it. */
  #ready: ReadyLines | undefined;
  #waiting = 0;
  #working: Promise<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #error: unknown;

  /** `take` is called with many lines at a time, which are good until it has returned. */
  constructor(take: (lines: Buffer) => Promise<void>) {
    this.#take = take;
  }

  /** Whether the next line would have to wait. */
  get full(): boolean {
    return this.#waiting >= limits.entriesInFlight;
  }

  /** Waits while too many lines are not done. Throws the first error of any line. */
  async room(): Promise<void> {
    while (this.full) await (this.#room ??= Promise.withResolvers()).promise;
    if (this.#error !== undefined) throw this.#error;
  }

  add(line: Line): void {
    if (typeof line === 'string' && this.#working === undefined && this.#text.length < textMax) {
      this.#text += line;
      return;
    }
    this.#waiting += 1;
    if (typeof line === 'string') this.#addReady(line);
    else {
      // Awaited in order; a failure of a later one must not look unhandled until then.
      if (line instanceof Promise) line.catch(() => {});
      this.#closeReady();
      this.#queue.push(line);
    }
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

  #addReady(line: string): void {
    if (this.#ready === undefined) {
      this.#ready = new ReadyLines();
      this.#queue.push(this.#ready);
    }
    this.#ready.add(line);
  }

  #closeReady(): void {
    this.#ready?.close();
    this.#ready = undefined;
  }

  async #work(): Promise<void> {
    for (let at = 0; at < this.#queue.length;) {
      const next = this.#queue[at] as Waiting;
      at += 1;
      if (next === this.#ready) this.#ready = undefined;
      try {
        await this.#bring(next);
      } catch (error) {
        this.#error ??= error;
      }
      this.#waiting -= next instanceof ReadyLines ? next.lines : 1;
      // Taking from the front one by one would move all others each time.
      if (at < batch && at < this.#queue.length) continue;
      this.#queue.splice(0, at);
      at = 0;
      this.#room?.resolve();
      this.#room = undefined;
    }
    this.#working = undefined;
  }

  async #bring(next: Waiting): Promise<void> {
    if (next instanceof ReadyLines) {
      for (const lines of next.bytes) {
        if (this.#error === undefined) await this.#addBytes(lines);
        free(lines);
      }
      if (this.#error === undefined) await this.#add(next.text);
      return;
    }
    const text = await (typeof next === 'function' ? next() : next);
    if (this.#error === undefined) await this.#add(text);
  }

  /** A few lines go with their neighbours: to hand on each of them alone costs more than to make text of them again. */
  async #addBytes(lines: Buffer): Promise<void> {
    if (lines.length < handedOnMin) return this.#add(lines.toString());
    await this.#handOn();
    await this.#take(lines);
  }

  async #add(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= textMax) await this.#handOn();
  }

  async #handOn(): Promise<void> {
    if (this.#text === '') return;
    const lines = Buffer.from(this.#text);
    this.#text = '';
    await this.#take(lines);
    free(lines);
  }
}

const textMax = 64 * 2 ** 10;

const batch = 256;
