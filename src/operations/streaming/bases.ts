import type { LogStreamState } from '../../assets/index.ts';
import { systemClock, toLifeboatError } from '../../core/index.ts';
import { backup } from '../backup.ts';
import type { Workspace } from '../contract.ts';
import type { StreamLine } from './stream.ts';

type SayBase = (line: Omit<Extract<StreamLine, { state: 'base' }>, 'asset' | 'at'>) => void;

const baseRetryMs = 60_000;

/** Takes points that a stream asks for, one at a time, beside it. */
export class Bases {
  readonly #workspace: Workspace;
  readonly #asset: string;
  readonly #signal: AbortSignal;
  readonly #say: SayBase;
  #running: Promise<void> | undefined;
  /** Why, of one store each; `undefined` stands for every store. */
  readonly #lacking = new Map<string | undefined, string>();

  constructor(workspace: Workspace, asset: string, signal: AbortSignal, say: SayBase) {
    this.#workspace = workspace;
    this.#asset = asset;
    this.#signal = signal;
    this.#say = say;
  }

  /** `store`: only there nothing leads to the log. One that is being taken ends behind what was asked for meanwhile. */
  take(reason: string, store?: string): void {
    this.#lacking.set(store, reason);
    this.#running ??= this.#take(reason).finally(() => {
      this.#running = undefined;
      this.#lacking.clear();
    });
  }

  /**
   * What a stream says, as long as nobody can restore what it stores: without a point that leads to it a log is no protection, so that how much could
   * be lost is not known.
   */
  shown(state: LogStreamState): LogStreamState {
    if (state.state !== 'streaming' || this.#lacking.size === 0) return state;
    const stores = state.stores.map((one) => {
      const { completeToMs: _, ...unknown } = one;
      return this.#lacking.has(undefined) || this.#lacking.has(one.store) ? unknown : one;
    });
    return { ...state, stores, reason: [...this.#lacking.values()].join('; ') };
  }

  async end(): Promise<void> {
    await this.#running;
  }

  async #take(reason: string): Promise<void> {
    this.#say({ state: 'base', reason: `a new recovery point is taken: ${reason}`, stores: [] });
    while (!this.#signal.aborted) {
      try {
        const [first] = await backup(this.#workspace, this.#asset, this.#signal);
        this.#say({
          state: 'base',
          reason: 'a new recovery point was taken',
          point: first?.point.id ?? '',
          stores: [],
        });
        return;
      } catch (error) {
        if (this.#signal.aborted) return;
        const failure = `the new recovery point failed, and is tried again: ${toLifeboatError(error).message}`;
        this.#say({ state: 'base', reason: failure, stores: [] });
        await systemClock.sleep(baseRetryMs, this.#signal).catch(() => {}); // stopped: the loop ends
      }
    }
  }
}
