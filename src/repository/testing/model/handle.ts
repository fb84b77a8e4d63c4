import { LifeboatError } from '../../../core/index.ts';
import type { GetOptions, PutOptions, Store, StoredObject } from '../../../stores/index.ts';

/** When a process dies: at which of its calls to the store, and whether that call still takes effect. */
export interface Death {
  readonly afterCalls: number;
  readonly takesEffect: boolean;
}

export interface HandleParts {
  /** Called before every call. */
  readonly turn: () => Promise<void>;
  readonly wasPut: (name: string, bytes: Buffer) => void;
}

/** A store as one process has it: each call waits for its turn, and from its death on no call gets through. */
export class Handle implements Store {
  readonly location: string;
  readonly atomicCreate: boolean;
  /** Names of the objects that it put and did not take back. */
  readonly written = new Set<string>();
  /** Names of those that it read. */
  readonly read = new Set<string>();
  readonly #place: Store;
  readonly #parts: HandleParts;
  #callsLeft = Number.POSITIVE_INFINITY;
  #lastTakesEffect = false;

  constructor(place: Store, parts: HandleParts) {
    this.location = place.location;
    this.atomicCreate = place.atomicCreate;
    this.#place = place;
    this.#parts = parts;
  }

  get isDead(): boolean {
    return this.#callsLeft < 0;
  }

  dies({ afterCalls, takesEffect }: Death): void {
    this.#callsLeft = afterCalls;
    this.#lastTakesEffect = takesEffect;
  }

  lives(): void {
    this.#callsLeft = Number.POSITIVE_INFINITY;
  }

  put(name: string, parts: readonly Uint8Array[], options?: PutOptions): Promise<void> {
    return this.#call(async () => {
      const bytes = Buffer.concat(parts);
      await this.#place.put(name, [bytes], options);
      this.written.add(name);
      this.#parts.wasPut(name, bytes);
    });
  }

  get(name: string, options?: GetOptions): Promise<Buffer> {
    this.read.add(name);
    return this.#call(() => this.#place.get(name, options));
  }

  stat(name: string): Promise<StoredObject | undefined> {
    return this.#call(() => this.#place.stat(name));
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    yield* await this.#call(() => Array.fromAsync(this.#place.list(prefix)));
  }

  remove(name: string): Promise<void> {
    return this.#call(async () => {
      await this.#place.remove(name);
      this.written.delete(name);
    });
  }

  async close(): Promise<void> {}

  async #call<T>(work: () => Promise<T>): Promise<T> {
    await this.#parts.turn();
    this.#callsLeft -= 1;
    if (this.#callsLeft >= 0) return work();
    if (this.#callsLeft === -1 && this.#lastTakesEffect) await work();
    throw new LifeboatError('store.unreachable', 'this process is dead');
  }
}
