import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PlainError } from '../engine.ts';
import { errorFrom } from '../plain-error.ts';
import type { EngineCall, SiteOptions } from './site-process.ts';

const script = fileURLToPath(new URL('site-process.ts', import.meta.url));

const compiled = fileURLToPath(new URL('../../../.cache/compiled', import.meta.url));

interface Answered {
  readonly ready?: true;
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: PlainError;
}

/** Who asked a process that was killed meanwhile hears this. */
export class Gone extends Error {}

/** A site in a process of its own. */
export class SiteChild {
  readonly ended: Promise<NodeJS.Signals | number | null>;
  readonly #process: ChildProcess;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ready = Promise.withResolvers<void>();
  #said = '';

  private constructor(options: SiteOptions) {
    this.#process = fork(script, [JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Each start would compile hundreds of files anew.
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    });
    this.#process.stderr?.on('data', (piece: Buffer) => (this.#said += piece.toString()));
    this.#process.on('message', (message: Answered) => this.#hear(message));
    this.ended = new Promise((resolve) => this.#process.once('exit', (code, signal) => resolve(signal ?? code)));
    void this.ended.then((end) => this.#leave(end));
  }

  /** Resolves when it takes work, or has died of what it was to die of. */
  static async start(options: SiteOptions): Promise<SiteChild> {
    const child = new SiteChild(options);
    await child.#ready.promise.catch((error: unknown) => {
      if (options.deadly === undefined) throw error;
    });
    return child;
  }

  ask<T>(call: EngineCall, ...words: readonly unknown[]): Promise<T> {
    const id = this.#asked.size + 1;
    const asked = Promise.withResolvers<unknown>();
    this.#asked.set(id, asked);
    this.#process.send({ id, call, with: words }, (error) => error !== null && asked.reject(new Gone()));
    return asked.promise as Promise<T>;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  #hear({ ready, id, value, error }: Answered): void {
    if (ready === true) return this.#ready.resolve();
    const asked = this.#asked.get(id ?? 0);
    if (error === undefined) asked?.resolve(value);
    else asked?.reject(errorFrom(error));
  }

  #leave(end: unknown): void {
    this.#ready.reject(new Error(`the process of the site ended with ${String(end)}: ${this.#said}`));
    for (const asked of this.#asked.values()) asked.reject(new Gone());
  }
}
