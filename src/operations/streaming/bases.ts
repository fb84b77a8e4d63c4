import type { LogBasePlace, LogStreamState, UnlinkedLog } from '../../assets/index.ts';
import { toLifeboatError } from '../../core/index.ts';
import { backup, copyPoints } from '../backup.ts';
import type { BackupReport, Workspace } from '../contract.ts';
import { listPoints, type ListedPoint } from '../points.ts';
import { copiesOf, holdersOf, storesOf } from '../stores-of.ts';
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

/** Takes points that a stream asks for, one at a time, beside it; has them copied where the log goes to a store that gets copies. */
export class Bases {
  readonly #ground: BasesGround;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #running: Promise<void> | undefined;
  /** Log that needs a new point, by the store that it is in; `undefined` stands for every store. */
  readonly #unlinked = new Map<string | undefined, UnlinkedLog>();
  /** Stores that get points as copies or not at all, and lack one that leads to their log: where another store has it. */
  readonly #uncopied = new Map<string, UnlinkedLog>();
  #asked = new AbortController();

  constructor(ground: BasesGround) {
    this.#ground = ground;
    this.#signal = AbortSignal.any([ground.signal, this.#over.signal]);
  }

  /** A point that is being taken may have ended before what is asked for meanwhile: then another one is taken behind it. */
  take(unlinked: UnlinkedLog): void {
    this.#unlinked.set(unlinked.store, unlinked);
    this.#asked.abort();
    this.#running ??= this.#take();
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
    const { workspace, asset } = this.#ground;
    const holders = holdersOf(workspace.plan, asset);
    const uncopied = [...this.#uncopied.keys()].map((store) =>
      holders.includes(store)
        ? `the new recovery point is not in ${store} yet`
        : `no recovery point of ${asset} comes into ${store}, and nothing can be restored from the log alone`,
    );
    return [...[...this.#unlinked.values()].map(({ reason }) => reason), ...uncopied].join('; ');
  }

  /** What is being taken is stopped: nobody would go on from it, and whoever waits for the end of the stream waits for why it ended. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #take(): Promise<void> {
    const { say } = this.#ground;
    let takes = 0;
    while (!this.#signal.aborted) {
      await this.#lookAround();
      let made: { failure?: string } = {};
      if (this.#unlinked.size > 0) {
        const which = takes === 0 ? 'a new' : 'another';
        say({ state: 'base', reason: `${which} recovery point is taken: ${this.#reasons()}`, stores: [] });
        made = await this.#takeOne();
        takes += 1;
        await this.#lookAround();
      } else if (this.#uncopied.size > 0) {
        await this.#copy();
      }
      if (!this.#isLacking || this.#signal.aborted) break;
      if (made.failure !== undefined || this.#unlinked.size === 0)
        say({ state: 'base', reason: made.failure ?? this.#reasons(), stores: [] });
      if (made.failure === undefined && this.#unlinked.size > 0) continue;
      // A copy waits for its next try, and no point for that.
      this.#asked = new AbortController();
      const until = this.#unlinked.size > 0 ? this.#signal : AbortSignal.any([this.#signal, this.#asked.signal]);
      await this.#ground.workspace.clock.sleep(retryMs, until).catch(() => {}); // stopped, or a point is due: looked at next
    }
    // In the same turn as the last look at what is lacking: what comes next begins anew.
    this.#running = undefined;
  }

  /** Why the next one has to wait, if so. */
  async #takeOne(): Promise<{ failure?: string }> {
    const { workspace, asset, say } = this.#ground;
    const before = new Set(this.#unlinked.values());
    let reports: readonly BackupReport[];
    try {
      reports = await backup(workspace, asset, this.#signal);
    } catch (error) {
      return { failure: `the new recovery point failed, and is tried again: ${toLifeboatError(error).message}` };
    }
    this.#link(reports);
    say({ state: 'base', reason: 'a new recovery point was taken', point: reports[0]?.point.id ?? '', stores: [] });
    if (![...this.#unlinked.values()].some((one) => before.has(one))) return {};
    return { failure: 'the new recovery point ends before the log that it is for, and another one is taken' };
  }

  #link(reports: readonly BackupReport[]): void {
    const places = reports.map(({ point }) => this.#ground.placeOf(point.facts.facts));
    for (const [store, unlinked] of this.#unlinked) {
      if (!places.every((place) => place !== undefined && unlinked.isLedToBy(place))) continue;
      this.#unlinked.delete(store);
      for (const other of this.#others())
        if (store === undefined || store === other) this.#uncopied.set(other, unlinked);
    }
  }

  /** The stores that the log goes to and points are not taken in. */
  #others(): string[] {
    const { plan } = this.#ground.workspace;
    const { asset } = this.#ground;
    const streamed = plan.policies.get(plan.assets.get(asset)?.policy ?? '')?.streams?.to ?? [];
    return streamed.filter((store) => !storesOf(plan, asset).includes(store));
  }

  /** Which stores have a point that leads to their log by now; one that does not answer has none. What a copy is enough for needs no new point. */
  async #lookAround(): Promise<void> {
    const others = this.#others();
    for (const [store, unlinked] of this.#unlinked) {
      if (store === undefined || !others.includes(store)) continue;
      const isAnywhere = (await this.#leadingTo(unlinked)).length > 0;
      if (!isAnywhere && copiesOf(this.#ground.workspace.plan, this.#ground.asset).includes(store)) continue;
      this.#uncopied.set(store, unlinked);
      this.#unlinked.delete(store);
    }
    for (const [store, unlinked] of this.#uncopied) {
      if ((await this.#leadingTo(unlinked)).some(({ stores }) => stores.includes(store))) this.#uncopied.delete(store);
    }
  }

  async #leadingTo(unlinked: UnlinkedLog): Promise<readonly ListedPoint[]> {
    const { workspace, asset, placeOf } = this.#ground;
    try {
      const { points } = await listPoints(workspace, asset, this.#signal);
      return points.filter(({ point }) => {
        const place = placeOf(point.facts.facts);
        return place !== undefined && unlinked.isLedToBy(place);
      });
    } catch {
      return []; // what is not known is not there
    }
  }

  /** A copy that fails is no failure of the point: the log there is without one until it comes. */
  async #copy(): Promise<void> {
    const { workspace, asset } = this.#ground;
    const copies = copiesOf(workspace.plan, asset);
    const wanted = [...this.#uncopied].flatMap(([store, unlinked]) => (copies.includes(store) ? unlinked : []));
    const holders = new Set<string>();
    for (const one of wanted) for (const { stores } of await this.#leadingTo(one)) holders.add(stores[0] ?? '');
    holders.delete('');
    for (const store of holders) await copyPoints(workspace, [{ asset, store }], this.#signal);
    await this.#lookAround();
  }
}
