import type { LogStreamState, UnlinkedLog } from '../../assets/index.ts';
import { inTime, LifeboatError, limits, systemClock } from '../../core/index.ts';
import type { Lock } from '../../journal/index.ts';
import { Gate } from '../../repository/index.ts';
import { backupTo, holdBackups } from '../backup.ts';
import type { BackupReport } from '../contract.ts';
import { tryExtendLocks } from '../retention/locks.ts';
import { copiesOf, storesOf } from '../stores-of.ts';
import { BaseLane, type BaseLaneGround } from './base-lane.ts';
import { lookInto } from './look-into.ts';

export interface BasesGround extends Pick<BaseLaneGround, 'workspace' | 'asset' | 'placeOf' | 'say'> {
  readonly signal: AbortSignal;
}

/**
 * Takes points that a stream asks for beside it, and has them copied where the log goes to a store that gets copies: in each store for itself, so
 * that one that is away, or hangs, costs the others nothing.
 */
export class Bases {
  readonly #ground: BasesGround;
  readonly #over = new AbortController();
  #ending: Promise<void> | undefined;
  readonly #signal: AbortSignal;
  readonly #gate = new Gate(limits.streamPointsAtOnce);
  readonly #turn: Turn;
  readonly #lanes = new Map<string, BaseLane>();

  constructor(ground: BasesGround) {
    this.#ground = ground;
    this.#signal = AbortSignal.any([ground.signal, this.#over.signal]);
    // The stream ends meanwhile, and what hangs in it is not waited for once more.
    ground.signal.addEventListener('abort', () => void this.end(), { once: true });
    this.#turn = new Turn(() => holdBackups(ground.workspace, ground.asset));
  }

  /** A point that is being taken may have ended before what is asked for meanwhile: then another one is taken behind it. */
  take(unlinked: UnlinkedLog): void {
    if (unlinked.store !== undefined) return this.#lane(unlinked.store).ask(unlinked);
    for (const store of this.#streamed) this.#lane(store).ask(unlinked);
    // After a loss one is taken wherever points are.
    this.#askForOne(unlinked);
  }

  /**
   * What a stream says, as long as nobody can restore what it stores: without a point that leads to it a log is no protection, so that how much could
   * be lost is not known.
   */
  shown(state: LogStreamState): LogStreamState {
    const lacking = [...this.#lanes.values()].filter((lane) => lane.isLacking && !lane.isBeside);
    if (state.state !== 'streaming' || lacking.length === 0) return state;
    const stores = state.stores.map((one) => {
      const { completeToMs: _, ...unknown } = one;
      return lacking.some(({ store }) => store === one.store) ? unknown : one;
    });
    return { ...state, stores, reason: [...new Set(lacking.map(({ reason }) => reason))].join('; ') };
  }

  /**
   * What is being taken is stopped: nobody would go on from it, and whoever waits for the end of the stream waits for why it ended. A store that hangs is
   * left behind. May be asked for more than once: the time for it begins with the first.
   */
  end(): Promise<void> {
    return (this.#ending ??= this.#end());
  }

  async #end(): Promise<void> {
    this.#over.abort();
    const ended = Promise.all([...this.#lanes.values()].map((lane) => lane.ended()));
    const late = (): LifeboatError => new LifeboatError('store.unreachable', 'a store does not let go');
    await inTime(ended, { clock: systemClock, ms: limits.streamEndMs, late }).catch(() => {}); // see above
  }

  /** The stores that the log goes to. */
  get #streamed(): readonly string[] {
    const { plan } = this.#ground.workspace;
    const { asset } = this.#ground;
    return plan.policies.get(plan.assets.get(asset)?.policy ?? '')?.streams?.to ?? this.#own;
  }

  /** Those that points are taken in. */
  get #own(): readonly string[] {
    return storesOf(this.#ground.workspace.plan, this.#ground.asset);
  }

  get #copies(): readonly string[] {
    return copiesOf(this.#ground.workspace.plan, this.#ground.asset);
  }

  #lane(store: string): BaseLane {
    const known = this.#lanes.get(store);
    if (known !== undefined) return known;
    const lane = new BaseLane({
      ...this.#ground,
      placeOf: (facts) => this.#ground.placeOf(facts),
      say: (line) => this.#ground.say(line),
      store,
      kind: this.#own.includes(store) ? 'own' : this.#copies.includes(store) ? 'copy' : 'none',
      isBeside: !this.#streamed.includes(store),
      isOneOfSeveral: this.#own.length > 1,
      signal: this.#signal,
      gate: this.#gate,
      take: (one) => this.#turn.during(() => this.#takeIn(one)),
      taken: (report, wanted) => this.#taken(report, wanted),
      sourcesOf: (wanted) => this.#sourcesOf(wanted),
      askForOne: (wanted) => this.#askForOne(wanted),
    });
    this.#lanes.set(store, lane);
    return lane;
  }

  async #takeIn(store: string): Promise<BackupReport> {
    const { workspace, asset } = this.#ground;
    const report = await backupTo(workspace, asset, store, this.#signal);
    await tryExtendLocks(workspace, store, this.#signal);
    return report;
  }

  #askForOne(wanted: UnlinkedLog): void {
    for (const store of this.#own) this.#lane(store).askFor(wanted);
  }

  #taken(report: BackupReport, wanted: UnlinkedLog): void {
    for (const lane of this.#lanes.values()) if (lane.store !== report.store) lane.hear(report);
    // Copies that no log waits for.
    for (const store of this.#copies) if (!this.#streamed.includes(store)) this.#lane(store).askFor(wanted);
  }

  /** A store that hangs has none as far as anybody knows. */
  async #sourcesOf(wanted: UnlinkedLog): Promise<string[]> {
    const { workspace, asset, placeOf } = this.#ground;
    const looks = this.#own.map(async (store) => {
      const look = lookInto(workspace, { asset, store, placeOf, wanted, signal: this.#signal });
      const late = (): LifeboatError => new LifeboatError('store.unreachable', `${store} does not answer`);
      const { isLed } = await inTime(look, { clock: systemClock, ms: limits.storeLookMs, late }).catch(() => ({
        isLed: false,
      }));
      return isLed ? [store] : [];
    });
    return (await Promise.all(looks)).flat();
  }
}

/** The lock of an asset's backups, held as long as one of the lanes takes a point. */
class Turn {
  readonly #hold: () => Promise<Lock>;
  #users = 0;
  #holding: Promise<Lock> | undefined;
  #held: Lock | undefined;

  constructor(hold: () => Promise<Lock>) {
    this.#hold = hold;
  }

  /** Throws `operation.busy` when somebody else takes points of the asset. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      this.#holding ??= this.#hold();
      this.#held = await this.#holding;
      return await work();
    } finally {
      this.#users -= 1;
      if (this.#users === 0) {
        this.#held?.release();
        [this.#held, this.#holding] = [undefined, undefined];
      }
    }
  }
}
