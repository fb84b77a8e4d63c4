import type { LogBasePlace, UnlinkedLog } from '../../assets/index.ts';
import { toLifeboatError, type LifeboatError } from '../../core/index.ts';
import type { Gate } from '../../repository/index.ts';
import { copyPoints } from '../backup.ts';
import type { BackupReport, Workspace } from '../contract.ts';
import { lookInto, type Look } from './look-into.ts';
import type { StreamLine } from './stream.ts';
import { Wait } from './waits.ts';

/** Between two looks whether a point came in another way, or as a copy. */
const lookMs = 60_000;

/** What stays as it is, is said again after so long. */
const repeatMs = 3_600_000;

export interface BaseLaneGround {
  readonly workspace: Workspace;
  readonly asset: string;
  readonly store: string;
  /** `own`: points are taken in it; `copy`: it gets copies of them; `none`: points of the asset do not come there at all. */
  readonly kind: 'own' | 'copy' | 'none';
  /** Whether points are taken in other stores too. */
  readonly isOneOfSeveral: boolean;
  /** The log does not go there, so that nothing waits for its point: it is tried once each time that it is asked for. */
  readonly isBeside: boolean;
  placeOf(facts: Readonly<Record<string, unknown>>): LogBasePlace | undefined;
  say(line: Omit<Extract<StreamLine, { state: 'base' }>, 'asset' | 'at'>): void;
  readonly signal: AbortSignal;
  /** Lanes that read and write at once. */
  readonly gate: Gate;
  take(store: string): Promise<BackupReport>;
  /** Tells the other lanes. */
  taken(report: BackupReport, wanted: UnlinkedLog): void;
  /** Stores that points are taken in and that have one that leads to this log: a copy is enough then. */
  sourcesOf(wanted: UnlinkedLog): Promise<string[]>;
  /** Has one taken where points are taken. */
  askForOne(wanted: UnlinkedLog): void;
}

/** One store of a stream that needs a point, or a copy of one: until it has it, less and less often, whatever the other stores do. */
export class BaseLane {
  readonly #ground: BaseLaneGround;
  readonly #wait: Wait;
  /** Behind a point that was taken for a damaged one: a store that damages whatever it is given gets no more than what a failing one is asked. */
  readonly #replaced: Wait;
  #wanted: UnlinkedLog | undefined;
  /** Another store has what is wanted here. */
  #isElsewhere = false;
  #isReplacing = false;
  /** Why the last try did not do. */
  #failure: LifeboatError | 'short' | undefined;
  #takes = 0;
  #said: { readonly reason: string; readonly atMs: number } | undefined;
  #asked = new AbortController();
  #running: Promise<void> | undefined;

  constructor(ground: BaseLaneGround) {
    this.#ground = ground;
    this.#wait = new Wait(ground.workspace.clock);
    this.#replaced = new Wait(ground.workspace.clock);
  }

  get store(): string {
    return this.#ground.store;
  }

  get isBeside(): boolean {
    return this.#ground.isBeside;
  }

  /** Whether its log has no point that leads to it, as far as is known. */
  get isLacking(): boolean {
    return this.#wanted !== undefined;
  }

  /** For people: why nothing can be restored from the log here. */
  get reason(): string {
    const { kind, asset, store } = this.#ground;
    if (kind === 'none' && (this.#isElsewhere || this.#wanted?.store !== undefined))
      return `no recovery point of ${asset} comes into ${store}, and nothing can be restored from the log alone`;
    return this.#isElsewhere ? notThereYet(store) : (this.#wanted?.reason ?? '');
  }

  /** The stream asks; whoever asks again has reached source and store since. */
  ask(wanted: UnlinkedLog): void {
    this.#wait.shorten();
    this.#want(wanted);
  }

  /** For the sake of another store. */
  askFor(wanted: UnlinkedLog): void {
    if (this.#wanted === undefined && !(this.isBeside && this.#wait.leftMs > 0)) this.#want(wanted);
  }

  /** A point was taken in another store. */
  hear({ point }: BackupReport): void {
    const place = this.#ground.placeOf(point.facts.facts);
    if (place === undefined || this.#wanted?.isLedToBy(place) !== true) return;
    this.#isElsewhere = true;
    this.#asked.abort();
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    await this.#running;
  }

  #want(wanted: UnlinkedLog): void {
    this.#wanted = wanted;
    this.#isElsewhere = false;
    this.#asked.abort();
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    const { workspace, signal, kind } = this.#ground;
    this.#said = undefined;
    this.#takes = 0;
    while (this.#wanted !== undefined && !signal.aborted) {
      const wanted = this.#wanted;
      // What is asked from now on is not slept over.
      this.#asked = new AbortController();
      try {
        await (kind === 'own' ? this.#own(wanted) : this.#other(wanted));
      } catch (error) {
        this.#tried(wanted, toLifeboatError(error));
      }
      if (signal.aborted || this.#wanted !== wanted) continue;
      this.#sayLack();
      if (this.isBeside) break;
      const until = AbortSignal.any([signal, this.#asked.signal]);
      await workspace.clock.sleep(this.#sleepMs(), until).catch(() => {}); // stopped, or asked again: looked at next
    }
    if (this.isBeside) this.#wanted = undefined;
    // In the same turn as the last look at what is wanted: what comes next begins anew.
    this.#running = undefined;
  }

  async #own(wanted: UnlinkedLog): Promise<void> {
    const { isLed, isDamaged } = await this.#look(wanted);
    if (this.#wanted !== wanted) return;
    if (isLed) return this.#done();
    this.#isReplacing = isDamaged;
    if (this.#dueMs > 0) return;
    const { gate, signal, take, taken, say } = this.#ground;
    await gate.enter(signal);
    try {
      const which = this.#takes === 0 ? 'a new' : 'another';
      say({ state: 'base', reason: `${which} recovery point is taken${this.#where}: ${this.reason}`, stores: [] });
      this.#takes += 1;
      // How it went is said of each.
      this.#said = undefined;
      const report = await take(this.store);
      if (isDamaged) this.#replaced.failed();
      const { id } = report.point;
      say({ state: 'base', reason: `a new recovery point was taken${this.#where}`, point: id, stores: [] });
      const place = this.#ground.placeOf(report.point.facts.facts);
      if (place !== undefined && this.#wanted?.isLedToBy(place) === true) this.#done();
      else this.#tried(wanted, 'short');
      taken(report, wanted);
    } finally {
      gate.leave();
    }
  }

  async #other(wanted: UnlinkedLog): Promise<void> {
    const { kind, gate, signal, workspace, asset, store, sourcesOf, askForOne } = this.#ground;
    if (await this.#hasCome(wanted)) return;
    const [source] = await sourcesOf(wanted);
    if (this.#wanted !== wanted) return;
    this.#isElsewhere = source !== undefined;
    if (source === undefined) {
      // Where no copies come nobody else needs one.
      if (kind === 'copy' || wanted.store === undefined) askForOne(wanted);
      return;
    }
    if (kind === 'none' || this.#dueMs > 0) return;
    await gate.enter(signal);
    try {
      // The journal tells of copies that failed.
      await copyPoints(workspace, [{ asset, store: source }], signal, [store]);
    } finally {
      gate.leave();
    }
    const { isLed } = await this.#look(wanted);
    if (!isLed) this.#tried(wanted, undefined);
    else if (this.#wanted === wanted) this.#done();
  }

  async #hasCome(wanted: UnlinkedLog): Promise<boolean> {
    const { isLed } = await this.#look(wanted);
    if (isLed && this.#wanted === wanted) this.#done();
    return this.#wanted !== wanted;
  }

  #look(wanted: UnlinkedLog): Promise<Look> {
    const { workspace, asset, store, placeOf, signal } = this.#ground;
    return lookInto(workspace, { asset, store, placeOf, wanted, signal });
  }

  #done(): void {
    this.#wanted = undefined;
    this.#failure = undefined;
    this.#wait.done();
  }

  #tried(wanted: UnlinkedLog, failure: LifeboatError | 'short' | undefined): void {
    // One that came is another one than was asked for meanwhile, which may be taken at once; one that failed would fail again.
    if (failure === 'short' && this.#wanted !== wanted) return;
    this.#failure = failure;
    this.#wait.failed();
  }

  get #dueMs(): number {
    return Math.max(this.#wait.leftMs, this.#isReplacing ? this.#replaced.leftMs : 0);
  }

  #sleepMs(): number {
    const saidMs =
      this.#said === undefined || this.#isSaidElsewhere ? lookMs : this.#said.atMs + repeatMs - this.#elapsedMs;
    const dueMs = this.#ground.kind === 'own' || this.#wait.leftMs > 0 ? this.#dueMs : lookMs;
    return Math.max(0, Math.min(dueMs, lookMs, saidMs));
  }

  get #elapsedMs(): number {
    return this.#ground.workspace.clock.elapsed();
  }

  /** Where points are taken says what fails there; the others speak when it is there, and not with them. */
  get #isSaidElsewhere(): boolean {
    return this.#ground.kind !== 'own' && this.#failure === undefined && this.reason === this.#wanted?.reason;
  }

  /** Once, when it changes, and each hour. */
  #sayLack(): void {
    if (this.#isSaidElsewhere) return;
    const reason = this.#lack();
    if (this.#said?.reason === reason && this.#elapsedMs - this.#said.atMs < repeatMs) return;
    this.#said = { reason, atMs: this.#elapsedMs };
    this.#ground.say({ state: 'base', reason, stores: [] });
  }

  #lack(): string {
    if (this.#failure === undefined) return this.reason;
    if (this.#failure === 'short')
      return 'the new recovery point ends before the log that it is for, and another one is taken';
    const what = this.#isElsewhere ? this.reason : `the new recovery point failed${this.#where}`;
    return `${what}, and is tried again: ${this.#failure.message}`;
  }

  /** Which of several stores is spoken of. */
  get #where(): string {
    return this.#ground.isOneOfSeveral ? ` in ${this.store}` : '';
  }
}

const notThereYet = (store: string): string => `the new recovery point is not in ${store} yet`;
