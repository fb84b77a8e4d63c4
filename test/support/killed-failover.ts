import { systemClock } from '../../src/core/index.ts';
import type { Death, Keeper, Way } from './failover-keeper.ts';
import { between, FailoverLedger, type Effects } from './failover-ledger.ts';
import { FailoverScene, type Account, type Site } from './failover-scene.ts';
import { keptAlone } from './kept-alone.ts';

/** What a death left, when the run was gone on with to its end. */
export interface Outcome {
  readonly way: Way;
  readonly death: Death;
  /** Before it was through. */
  readonly killed: boolean;
  /** From its start to its end. */
  readonly tookMs: number;
  readonly exitCode: number;
  /** What was said when it did not end well. */
  readonly why: string;
  readonly effects: Effects;
  /** Of the orders that were there, and of those that customers made afterwards. */
  readonly ordersLost: number;
  readonly requestsLost: number;
}

/** Many times as long as a way takes on a busy machine. */
const wayMsMax = 900_000;

/** What each way does to the world, once. */
export const once: Record<Way, Effects> = {
  failover: { promotions: 1, overwritten: 0, names: 1, weights: 2, settings: 1, addresses: 1 },
  failback: { promotions: 1, overwritten: 2, names: 1, weights: 2, settings: 1, addresses: 1 },
};

/** How it shall be, whenever its runner died. */
export const wellDone = ({ way, death, killed, tookMs }: Outcome): Outcome => ({
  way,
  death,
  killed,
  tookMs,
  exitCode: 0,
  why: '',
  effects: once[way],
  ordersLost: 0,
  requestsLost: 0,
});

/** Failover and failback in turn, each while what runs it dies: how it went on, and that nothing happened twice. */
export class KilledFailovers {
  readonly scene: FailoverScene;
  readonly #ledger: FailoverLedger;
  readonly #keeper: Keeper;
  /** What people were asked, by the steps that it was about. */
  readonly asked: string[] = [];
  #primary: Site = 'west';

  private constructor(scene: FailoverScene, ledger: FailoverLedger, keeper: Keeper) {
    this.scene = scene;
    this.#ledger = ledger;
    this.#keeper = keeper;
  }

  /** `keep` makes who keeps the runs going; this machine alone unless stated. */
  static async make(keep: (scene: FailoverScene) => Promise<Keeper> = keptAlone): Promise<KilledFailovers> {
    const scene = await FailoverScene.make();
    await scene.changePlan((plan) => plan.replace('wait: 2s', 'wait: 50ms'));
    await scene.sql('west', `insert into orders (id, site) values ('first', 'west')`);
    const ledger = await FailoverLedger.beside(scene);
    return new KilledFailovers(scene, ledger, await keep(scene));
  }

  /** The next way that is to be gone. */
  get way(): Way {
    return this.#primary === 'west' ? 'failover' : 'failback';
  }

  async kill(death: Death): Promise<Outcome> {
    const { scene, way } = this;
    const before = await this.#ledger.effects(this.#primary);
    const rows = await scene.orders(this.#primary);
    if (way === 'failover') await scene.do('kill', 'west');
    const beganMs = systemClock.elapsed();
    const { killed, exitCode, why, asked } = await this.#inTime(this.#keeper.through(way, death));
    const tookMs = systemClock.elapsed() - beganMs;
    this.asked.push(...asked);
    this.#primary = way === 'failover' ? 'east' : 'west';
    const left = await scene.orders(this.#primary);
    const effects = between(before, await this.#ledger.effects(this.#primary));
    const { failed, confirmedAndLost, unserved = '' } = await this.#sell();
    await scene.forgetWrittenOver();
    const ordersLost = rows - left + confirmedAndLost;
    return { way, death, killed, tookMs, exitCode, why: why + unserved, effects, ordersLost, requestsLost: failed };
  }

  /** What hangs is told with what stands then, and not by silence until a test is given up. */
  async #inTime<T>(end: Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = systemClock.sleep(wayMsMax, over.signal).then(async (): Promise<never> => {
      throw new Error(`not at its end after ${wayMsMax / 60_000} minutes\n${await this.#standing()}`);
    });
    return Promise.race([end, late]).finally(() => {
      late.catch(() => {}); // nobody waits for it any more
      over.abort();
    });
  }

  /** Customers are served by the site that was turned to, and what they order lands there. */
  async #sell(): Promise<Account & { readonly unserved?: string }> {
    const customers = await this.scene.customers();
    try {
      await this.scene.ordersGrow(this.#primary, 4);
      return await customers.end();
    } catch (error) {
      await customers.end().catch(() => {}); // the name leads nowhere: that is what went wrong
      const unserved = `${(error as Error).message}\n${await this.#standing()}`;
      return { confirmed: 0, failed: -1, secondsDown: 0, confirmedAndLost: 0, lostMs: 0, database: '', unserved };
    }
  }

  /** What somebody looks at who has to find out why it went wrong. */
  async #standing(): Promise<string> {
    const { scene } = this;
    const { runs } = (await scene.look('runs', '--limit', '3')).json as { runs: { run: string }[] };
    const shown = await Promise.all(runs.map(({ run }) => scene.look('run', 'show', run)));
    return shown
      .map(({ json }) => {
        const { steps, ...run } = json['run'] as { steps: { id: string; state: string; summary: string }[] };
        return [JSON.stringify(run), ...steps.map(({ id, state, summary }) => `${id} ${state} ${summary}`)].join('\n');
      })
      .join('\n\n');
  }

  async end(): Promise<void> {
    await this.#keeper.end();
    await this.#ledger.end();
    await this.scene.end();
  }
}
