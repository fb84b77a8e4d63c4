import type { LogBasePlace, LogStreamState, UnlinkedLog } from '../../assets/index.ts';
import { systemClock, toLifeboatError } from '../../core/index.ts';
import { backup } from '../backup.ts';
import type { BackupReport, Workspace } from '../contract.ts';
import type { StreamLine } from './stream.ts';

type SayBase = (line: Omit<Extract<StreamLine, { state: 'base' }>, 'asset' | 'at'>) => void;

const baseRetryMs = 60_000;

export interface BasesGround {
  readonly workspace: Workspace;
  readonly asset: string;
  /** Where a point stands on the log, by its facts. */
  placeOf(facts: Readonly<Record<string, unknown>>): LogBasePlace | undefined;
  readonly say: SayBase;
  readonly signal: AbortSignal;
}

/** Takes points that a stream asks for, one at a time, beside it. */
export class Bases {
  readonly #ground: BasesGround;
  readonly #over = new AbortController();
  #running: Promise<void> | undefined;
  /** By the store that it is in; `undefined` stands for every store. */
  readonly #unlinked = new Map<string | undefined, UnlinkedLog>();

  constructor(ground: BasesGround) {
    this.#ground = ground;
  }

  /** A point that is being taken may have ended before what is asked for meanwhile: then another one is taken behind it. */
  take(unlinked: UnlinkedLog): void {
    this.#unlinked.set(unlinked.store, unlinked);
    this.#running ??= this.#take(unlinked.reason);
  }

  /**
   * What a stream says, as long as nobody can restore what it stores: without a point that leads to it a log is no protection, so that how much could
   * be lost is not known.
   */
  shown(state: LogStreamState): LogStreamState {
    if (state.state !== 'streaming' || this.#unlinked.size === 0) return state;
    const stores = state.stores.map((one) => {
      const { completeToMs: _, ...unknown } = one;
      return this.#unlinked.has(undefined) || this.#unlinked.has(one.store) ? unknown : one;
    });
    return { ...state, stores, reason: this.#reasons() };
  }

  #reasons(): string {
    return [...this.#unlinked.values()].map(({ reason }) => reason).join('; ');
  }

  /** What is being taken is taken to its end; what failed is not tried again. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #take(reason: string): Promise<void> {
    const { say } = this.#ground;
    const signal = AbortSignal.any([this.#ground.signal, this.#over.signal]);
    say({ state: 'base', reason: `a new recovery point is taken: ${reason}`, stores: [] });
    while (!signal.aborted) {
      const failure = await this.#takeOne();
      if (this.#unlinked.size === 0 || signal.aborted) break;
      say({ state: 'base', reason: failure ?? `another recovery point is taken: ${this.#reasons()}`, stores: [] });
      if (failure !== undefined) await systemClock.sleep(baseRetryMs, signal).catch(() => {}); // stopped: the loop ends
    }
    // In the same turn as the last look at what is unlinked: what comes next begins anew.
    this.#running = undefined;
  }

  /** Why the next one has to wait, if so. */
  async #takeOne(): Promise<string | undefined> {
    const { workspace, asset, signal, say } = this.#ground;
    const before = new Set(this.#unlinked.values());
    try {
      const reports = await backup(workspace, asset, signal);
      this.#link(reports);
      say({ state: 'base', reason: 'a new recovery point was taken', point: reports[0]?.point.id ?? '', stores: [] });
    } catch (error) {
      return `the new recovery point failed, and is tried again: ${toLifeboatError(error).message}`;
    }
    const left = [...this.#unlinked.values()];
    return left.some((one) => before.has(one))
      ? 'the new recovery point ends before the log that it is for, and another one is taken'
      : undefined;
  }

  #link(reports: readonly BackupReport[]): void {
    const places = reports.map(({ point }) => this.#ground.placeOf(point.facts.facts));
    for (const [store, unlinked] of this.#unlinked)
      if (places.every((place) => place !== undefined && unlinked.isLedToBy(place))) this.#unlinked.delete(store);
  }
}
