import type { LogBasePlace, LogStreamState, UnlinkedLog } from '../../assets/index.ts';
import { toLifeboatError } from '../../core/index.ts';
import { backup, copyPoints } from '../backup.ts';
import type { BackupReport, Workspace } from '../contract.ts';
import { listPoints } from '../points.ts';
import { copiesOf } from '../stores-of.ts';
import type { StreamLine } from './stream.ts';

type SayBase = (line: Omit<Extract<StreamLine, { state: 'base' }>, 'asset' | 'at'>) => void;

const retryMs = 60_000;

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
  /** Stores of the log that get points as copies, and do not have the one that leads to it yet. */
  readonly #uncopied = new Set<string>();
  #asked = new AbortController();

  constructor(ground: BasesGround) {
    this.#ground = ground;
  }

  /** A point that is being taken may have ended before what is asked for meanwhile: then another one is taken behind it. */
  take(unlinked: UnlinkedLog): void {
    this.#unlinked.set(unlinked.store, unlinked);
    this.#asked.abort();
    this.#running ??= this.#take(unlinked.reason);
  }

  /**
   * What a stream says, as long as nobody can restore what it stores: without a point that leads to it a log is no protection, so that how much could
   * be lost is not known.
   */
  shown(state: LogStreamState): LogStreamState {
    if (state.state !== 'streaming' || !this.#isLacking) return state;
    const stores = state.stores.map((one) => {
      const { completeToMs: _, ...unknown } = one;
      const isLinked = !this.#unlinked.has(undefined) && !this.#unlinked.has(one.store);
      return isLinked && !this.#uncopied.has(one.store) ? one : unknown;
    });
    return { ...state, stores, reason: this.#reasons() };
  }

  get #isLacking(): boolean {
    return this.#unlinked.size > 0 || this.#uncopied.size > 0;
  }

  #reasons(): string {
    const uncopied = [...this.#uncopied].map((store) => `the new recovery point is not in ${store} yet`);
    return [...[...this.#unlinked.values()].map(({ reason }) => reason), ...uncopied].join('; ');
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
    let taken: readonly BackupReport[] = [];
    while (!signal.aborted) {
      if (this.#unlinked.size > 0) {
        const made = await this.#takeOne();
        if (made.reports !== undefined) taken = made.reports;
        if (!this.#isLacking || signal.aborted) break;
        const next = this.#unlinked.size > 0 ? `another recovery point is taken: ${this.#reasons()}` : this.#reasons();
        say({ state: 'base', reason: made.failure ?? next, stores: [] });
        if (made.failure === undefined && this.#unlinked.size > 0) continue;
      }
      // A copy waits for its next try, and no point for that.
      this.#asked = new AbortController();
      const until = this.#unlinked.size > 0 ? signal : AbortSignal.any([signal, this.#asked.signal]);
      await this.#ground.workspace.clock.sleep(retryMs, until).catch(() => {}); // stopped, or a point is due: looked at next
      if (!signal.aborted && this.#unlinked.size === 0) await this.#copyAgain(taken);
      if (!this.#isLacking) break;
    }
    // In the same turn as the last look at what is lacking: what comes next begins anew.
    this.#running = undefined;
  }

  /** What was taken, and why the next one has to wait, if so. */
  async #takeOne(): Promise<{ failure?: string; reports?: readonly BackupReport[] }> {
    const { workspace, asset, signal, say } = this.#ground;
    const before = new Set(this.#unlinked.values());
    let reports: readonly BackupReport[];
    try {
      reports = await backup(workspace, asset, signal);
    } catch (error) {
      return { failure: `the new recovery point failed, and is tried again: ${toLifeboatError(error).message}` };
    }
    const holders = await this.#holdersOf(reports);
    this.#link(reports, holders);
    say({ state: 'base', reason: 'a new recovery point was taken', point: reports[0]?.point.id ?? '', stores: [] });
    if (![...this.#unlinked.values()].some((one) => before.has(one))) return { reports };
    return { reports, failure: 'the new recovery point ends before the log that it is for, and another one is taken' };
  }

  #link(reports: readonly BackupReport[], holders: ReadonlySet<string>): void {
    const places = reports.map(({ point }) => this.#ground.placeOf(point.facts.facts));
    for (const [store, unlinked] of this.#unlinked) {
      if (!places.every((place) => place !== undefined && unlinked.isLedToBy(place))) continue;
      this.#unlinked.delete(store);
      const copies = this.#copies().filter((copy) => store === undefined || store === copy);
      for (const copy of copies) this.#uncopied.add(copy);
    }
    for (const store of holders) this.#uncopied.delete(store);
  }

  /** A copy that fails is no failure of the point: the log there is without one until it comes. */
  async #copyAgain(reports: readonly BackupReport[]): Promise<void> {
    const { workspace, signal } = this.#ground;
    await copyPoints(workspace, reports, signal);
    for (const store of await this.#holdersOf(reports)) this.#uncopied.delete(store);
  }

  /** The stores that the log goes to, and points only as copies. */
  #copies(): string[] {
    const { workspace, asset } = this.#ground;
    const { policy = '' } = workspace.plan.assets.get(asset) ?? {};
    const streamed = workspace.plan.policies.get(policy)?.streams?.to ?? [];
    return copiesOf(workspace.plan, asset).filter((store) => streamed.includes(store));
  }

  /** Which of these stores have one of the points; one that does not answer has none. */
  async #holdersOf(reports: readonly BackupReport[]): Promise<ReadonlySet<string>> {
    const { workspace, asset, signal } = this.#ground;
    if (this.#copies().length === 0) return new Set();
    const ids = new Set(reports.map(({ point }) => point.id));
    try {
      const { points } = await listPoints(workspace, asset, signal);
      return new Set(points.flatMap(({ point, stores }) => (ids.has(point.id) ? stores : [])));
    } catch {
      return new Set(); // what is not known is not there
    }
  }
}
