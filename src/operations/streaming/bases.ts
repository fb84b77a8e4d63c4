import type { LogBasePlace, LogStreamState, UnlinkedLog } from '../../assets/index.ts';
import { toLifeboatError, type LifeboatError } from '../../core/index.ts';
import { backupEverywhere, copyPoints } from '../backup.ts';
import type { BackupReport, Workspace } from '../contract.ts';
import { basesOf, type PointBase } from '../log-bases.ts';
import { listPoints } from '../points.ts';
import { copiesOf, holdersOf, storesOf } from '../stores-of.ts';
import type { StreamLine } from './stream.ts';
import { Waits } from './waits.ts';

type SayBase = (line: Omit<Extract<StreamLine, { state: 'base' }>, 'asset' | 'at'>) => void;

/** Between two looks whether a point came in another way, or as a copy. */
const lookMs = 60_000;

/** What stays as it is, is said again after so long. */
const repeatMs = 3_600_000;

export interface BasesGround {
  readonly workspace: Workspace;
  readonly asset: string;
  /** Where a point stands on the log, by its facts. */
  placeOf(facts: Readonly<Record<string, unknown>>): LogBasePlace | undefined;
  readonly say: SayBase;
  readonly signal: AbortSignal;
}

/**
 * Takes points that a stream asks for, one at a time, beside it: in each store for itself, so that one that is away costs the others none. Has them copied
 * where the log goes to a store that gets copies.
 */
export class Bases {
  readonly #ground: BasesGround;
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #running: Promise<void> | undefined;
  /** Stores whose log needs a point that is not taken yet: in them, or anywhere for those that get no points but copies. */
  readonly #unlinked = new Map<string, UnlinkedLog>();
  /** Stores that get points as copies or not at all, and lack one that leads to their log: where another store has it. */
  readonly #uncopied = new Map<string, UnlinkedLog>();
  /** Of stores that got no point when one was taken for them. */
  readonly #waits: Waits;
  /** Of stores that got no copy when one was tried. */
  readonly #copyWaits: Waits;
  #said: { readonly reason: string; readonly atMs: number } | undefined;
  #asked = new AbortController();

  constructor(ground: BasesGround) {
    this.#ground = ground;
    this.#waits = new Waits(ground.workspace.clock);
    this.#copyWaits = new Waits(ground.workspace.clock);
    this.#signal = AbortSignal.any([ground.signal, this.#over.signal]);
  }

  /** A point that is being taken may have ended before what is asked for meanwhile: then another one is taken behind it. */
  take(unlinked: UnlinkedLog): void {
    for (const store of unlinked.store === undefined ? this.#streamed() : [unlinked.store]) {
      this.#unlinked.set(store, unlinked);
      this.#uncopied.delete(store);
      // Whoever asks again has reached source and store since.
      this.#waits.shorten(store);
      this.#copyWaits.shorten(store);
    }
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
      return this.#unlinked.has(one.store) || this.#uncopied.has(one.store) ? unknown : one;
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
        ? notThereYet(store)
        : `no recovery point of ${asset} comes into ${store}, and nothing can be restored from the log alone`,
    );
    return [...new Set([...[...this.#unlinked.values()].map(({ reason }) => reason), ...uncopied])].join('; ');
  }

  /** What is being taken is stopped: nobody would go on from it, and whoever waits for the end of the stream waits for why it ended. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #take(): Promise<void> {
    const { say, workspace } = this.#ground;
    let takes = 0;
    let failure: string | undefined;
    this.#said = undefined;
    while (!this.#signal.aborted) {
      await this.#lookAround();
      const due = this.#due();
      if (due.length > 0) {
        const which = takes === 0 ? 'a new' : 'another';
        say({ state: 'base', reason: `${which} recovery point is taken: ${this.#reasons()}`, stores: [] });
        failure = await this.#takeOne(due);
        takes += 1;
        // How it went is said of each.
        this.#said = undefined;
        await this.#lookAround();
      } else {
        await this.#copy();
      }
      if (!this.#isLacking || this.#signal.aborted) break;
      if (this.#unlinked.size === 0) failure = undefined;
      if (failure === undefined && this.#due().length > 0) continue;
      this.#sayLack(failure ?? this.#reasons());
      this.#asked = new AbortController();
      const until = AbortSignal.any([this.#signal, this.#asked.signal]);
      await workspace.clock.sleep(this.#waitMs(), until).catch(() => {}); // stopped, or asked again: looked at next
    }
    // In the same turn as the last look at what is lacking: what comes next begins anew.
    this.#running = undefined;
  }

  #sayLack(reason: string): void {
    const atMs = this.#ground.workspace.clock.elapsed();
    if (this.#said?.reason === reason && atMs - this.#said.atMs < repeatMs) return;
    this.#said = { reason, atMs };
    this.#ground.say({ state: 'base', reason, stores: [] });
  }

  /** The stores for which one is taken now. */
  #due(): string[] {
    return [...this.#unlinked.keys()].filter((store) => this.#waits.leftMs(store) <= 0);
  }

  /** The stores that lack a point and get copies. */
  #awaited(): string[] {
    return copiesOf(this.#ground.workspace.plan, this.#ground.asset).filter((store) => this.#uncopied.has(store));
  }

  /** Until a point is due, what is lacking may have come in another way, a copy is tried again, or what stayed as it is is said again. */
  #waitMs(): number {
    const awaited = this.#awaited();
    const left = [...this.#unlinked.keys()].map((store) => this.#waits.leftMs(store));
    left.push(...awaited.map((store) => this.#copyWaits.leftMs(store)));
    if (left.length > 0) left.push(lookMs);
    if (this.#said !== undefined) left.push(this.#said.atMs + repeatMs - this.#ground.workspace.clock.elapsed());
    return Math.max(0, Math.min(...left));
  }

  /** Why another one has to wait for some of these, if so. */
  async #takeOne(due: readonly string[]): Promise<string | undefined> {
    const { workspace, asset, say } = this.#ground;
    const asked = due.map((store) => [store, this.#unlinked.get(store) as UnlinkedLog] as const);
    let [reports, failures]: [readonly BackupReport[], readonly LifeboatError[]] = [[], []];
    try {
      ({ reports, failures } = await backupEverywhere(workspace, asset, this.#signal, this.#takenFor(asked)));
    } catch (error) {
      failures = [toLifeboatError(error)];
    }
    this.#link(reports);
    const [first] = reports;
    if (first !== undefined) {
      say({ state: 'base', reason: 'a new recovery point was taken', point: first.point.id, stores: [] });
      // The journal tells of copies that failed, and they are tried again.
      await copyPoints(workspace, reports, this.#signal);
      await this.#lookAtCopies(this.#awaited());
    }
    const left = asked.filter(([store, one]) => this.#unlinked.get(store) === one);
    for (const [store, one] of left) {
      this.#waits.failed(store);
      const isElsewhere = reports.some((report) => report.store !== store && this.#isLed(one, report));
      if (isElsewhere) this.#unlinked.set(store, { ...one, reason: notThereYet(store) });
    }
    if (left.length === 0) return undefined;
    const [failure] = failures;
    if (failure === undefined)
      return 'the new recovery point ends before the log that it is for, and another one is taken';
    const what = first === undefined ? 'the new recovery point failed' : this.#reasons();
    return `${what}, and is tried again: ${failure.message}`;
  }

  /** The first one after a loss is taken wherever points are; after that only where it is missing. */
  #takenFor(asked: readonly (readonly [string, UnlinkedLog])[]): readonly string[] {
    const { workspace, asset } = this.#ground;
    const all = storesOf(workspace.plan, asset);
    const isFirst = asked.some(([store, one]) => one.store === undefined && !this.#waits.has(store));
    const missing = all.filter((store) => asked.some(([other]) => other === store));
    return isFirst || missing.length === 0 ? all : missing;
  }

  #link(reports: readonly BackupReport[]): void {
    const others = this.#others();
    for (const [store, unlinked] of this.#unlinked) {
      const leading = reports.filter((report) => this.#isLed(unlinked, report));
      if (leading.length > 0 && others.includes(store)) this.#uncopied.set(store, unlinked);
      else if (!leading.some((report) => report.store === store)) continue;
      this.#done(store);
    }
  }

  #done(store: string): void {
    this.#unlinked.delete(store);
    this.#waits.done(store);
  }

  #isLed(unlinked: UnlinkedLog, { point }: Pick<BackupReport, 'point'>): boolean {
    const place = this.#ground.placeOf(point.facts.facts);
    return place !== undefined && unlinked.isLedToBy(place);
  }

  /** The stores that the log goes to. */
  #streamed(): readonly string[] {
    const { plan } = this.#ground.workspace;
    const { asset } = this.#ground;
    return plan.policies.get(plan.assets.get(asset)?.policy ?? '')?.streams?.to ?? storesOf(plan, asset);
  }

  /** Those of them that points are not taken in. */
  #others(): string[] {
    const own = storesOf(this.#ground.workspace.plan, this.#ground.asset);
    return this.#streamed().filter((store) => !own.includes(store));
  }

  /** Which stores have a point that leads to their log by now; one that does not answer has none. What a copy is enough for needs no new point. */
  async #lookAround(): Promise<void> {
    const others = this.#others();
    const copies = copiesOf(this.#ground.workspace.plan, this.#ground.asset);
    for (const [store, unlinked] of this.#unlinked) {
      const leading = await this.#leadingTo(unlinked);
      // Asked for anew meanwhile.
      if (this.#unlinked.get(store) !== unlinked) continue;
      const isThere = leading.some(({ stores }) => stores.includes(store));
      if (!isThere && !others.includes(store)) continue;
      // Until then it is taken for copies, and where nobody else needs one.
      if (leading.length === 0 && (copies.includes(store) || unlinked.store === undefined)) continue;
      if (isThere) this.#copyWaits.done(store);
      else this.#uncopied.set(store, unlinked);
      this.#done(store);
    }
    await this.#lookAtCopies([]);
  }

  /** Which stores have one by now that they got as a copy, or in another way; these of them were just tried. */
  async #lookAtCopies(tried: readonly string[]): Promise<void> {
    for (const [store, unlinked] of this.#uncopied) {
      const isThere = (await this.#leadingTo(unlinked)).some(({ stores }) => stores.includes(store));
      // Asked for anew meanwhile.
      if (this.#uncopied.get(store) !== unlinked) continue;
      if (isThere) this.#uncopied.delete(store);
      if (isThere) this.#copyWaits.done(store);
      else if (tried.includes(store)) this.#copyWaits.failed(store);
    }
  }

  async #leadingTo(unlinked: UnlinkedLog): Promise<readonly PointBase[]> {
    const { workspace, asset } = this.#ground;
    try {
      const { points } = await listPoints(workspace, asset, this.#signal);
      return basesOf({ baseOf: this.#ground.placeOf }, points).filter((base) => unlinked.isLedToBy(base));
    } catch {
      return []; // what is not known is not there
    }
  }

  /** A copy that fails is no failure of the point: the log there is without one until it comes. */
  async #copy(): Promise<void> {
    const { workspace, asset } = this.#ground;
    const due = this.#awaited().filter((store) => this.#copyWaits.leftMs(store) <= 0);
    const froms = new Set<string>();
    for (const to of due) {
      const unlinked = this.#uncopied.get(to);
      const leading = unlinked === undefined ? [] : await this.#leadingTo(unlinked);
      for (const { stores } of leading) froms.add(stores[0] as string);
    }
    for (const store of froms) await copyPoints(workspace, [{ asset, store }], this.#signal, due);
    await this.#lookAtCopies(due);
  }
}

const notThereYet = (store: string): string => `the new recovery point is not in ${store} yet`;
