import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/core/index.ts';
import { between, FailoverLedger, type Effects } from './failover-ledger.ts';
import { FailoverScene, type Account, type Site } from './failover-scene.ts';
import { endOf } from './lifeboat.ts';

const script = fileURLToPath(new URL('killed-recover.ts', import.meta.url));

export type Way = 'failover' | 'failback';

/** When its runner is killed: at a record, or so many milliseconds after it was started. */
export type Death = { readonly at: string; readonly when: 'before' | 'after' } | { readonly afterMs: number };

/** What a death left, when the run was gone on with to its end. */
export interface Outcome {
  readonly way: Way;
  readonly death: Death;
  /** Before it was through. */
  readonly killed: boolean;
  readonly exitCode: number;
  /** What was said when it did not end well. */
  readonly why: string;
  readonly effects: Effects;
  /** Of the orders that were there, and of those that customers made afterwards. */
  readonly ordersLost: number;
  readonly requestsLost: number;
}

/** What each way does to the world, once. */
const once: Record<Way, Effects> = {
  failover: { promotions: 1, overwritten: 0, names: 1, weights: 2, settings: 1, addresses: 1 },
  failback: { promotions: 1, overwritten: 2, names: 1, weights: 2, settings: 1, addresses: 1 },
};

/** How it shall be, whenever its runner died. */
export const wellDone = ({ way, death, killed }: Outcome): Outcome => ({
  way,
  death,
  killed,
  exitCode: 0,
  why: '',
  effects: once[way],
  ordersLost: 0,
  requestsLost: 0,
});

/** How the process ended that ran a scenario in the folder and was to be killed at one of its records. */
export const killedAt = (
  folder: string,
  way: Way,
  at: string,
  when: 'before' | 'after',
): Promise<NodeJS.Signals | number | null> => {
  const words = ['--disable-warning=ExperimentalWarning', script, way, at, when];
  const child = spawn(process.execPath, words, { cwd: folder, stdio: 'ignore' });
  return new Promise((ended) => void child.once('exit', (code, signal) => ended(signal ?? code)));
};

/** Failover and failback in turn, each with a runner that dies: how it went on, and that nothing happened twice. */
export class KilledFailovers {
  readonly scene: FailoverScene;
  readonly #ledger: FailoverLedger;
  /** What people were asked, by the steps that it was about. */
  readonly asked: string[] = [];
  #primary: Site = 'west';

  private constructor(scene: FailoverScene, ledger: FailoverLedger) {
    this.scene = scene;
    this.#ledger = ledger;
  }

  static async make(): Promise<KilledFailovers> {
    const scene = await FailoverScene.make();
    await scene.changePlan((plan) => plan.replace('wait: 2s', 'wait: 50ms'));
    await scene.sql('west', `insert into orders (id, site) values ('first', 'west')`);
    return new KilledFailovers(scene, await FailoverLedger.beside(scene));
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
    const killed = await this.#runner(death);
    const { exitCode, why } = await this.#goOn();
    this.#primary = way === 'failover' ? 'east' : 'west';
    const left = await scene.orders(this.#primary);
    const effects = between(before, await this.#ledger.effects(this.#primary));
    const { failed, confirmedAndLost } = await this.#sell();
    const ordersLost = rows - left + confirmedAndLost;
    return { way, death, killed, exitCode, why, effects, ordersLost, requestsLost: failed };
  }

  async #runner(death: Death): Promise<boolean> {
    const { scene, way } = this;
    if ('at' in death) return (await killedAt(scene.place.folder, way, death.at, death.when)) === 'SIGKILL';
    const child = scene.start('recover', way, '--yes');
    const ended = endOf(child);
    const over = new AbortController();
    void ended.then(() => over.abort());
    await systemClock.sleep(death.afterMs, over.signal).catch(() => {}); // it was through before
    child.kill('SIGKILL');
    return (await ended).exitCode === null;
  }

  /** Until it is done; what it asks is answered by somebody who looks. */
  async #goOn(): Promise<{ exitCode: number; why: string }> {
    const { scene, way } = this;
    const { runs } = (await scene.must('runs')).json as { runs: { run: string; scenario: string; verdict: string }[] };
    const last = runs.filter(({ scenario }) => scenario === way).find(({ verdict }) => verdict !== 'done');
    if (last === undefined && (await this.#isThrough())) return { exitCode: 0, why: '' };
    let answer =
      last === undefined ? await scene.run('recover', way, '--yes') : await scene.run('run', 'resume', last.run);
    for (let round = 0; round < 4 && answer.exitCode === 3; round += 1) {
      const { run, questions } = answer.json as { run: string; questions: { step: string }[] };
      const [step = ''] = questions.map((question) => question.step);
      this.asked.push(step);
      answer = await scene.run('run', 'resume', run, '--step', step, '--again');
    }
    const { exitCode, stdout, stderr } = answer;
    return { exitCode, why: exitCode === 0 ? '' : stdout + stderr };
  }

  async #isThrough(): Promise<boolean> {
    const site = this.way === 'failover' ? 'east' : 'west';
    const { follows } = await this.scene.server(site).catch(() => ({ follows: true })); // it does not run yet
    return !follows;
  }

  /** Customers are served by the site that was turned to, and what they order lands there. */
  async #sell(): Promise<Account> {
    const customers = await this.scene.customers();
    await this.scene.ordersGrow(this.#primary, 4);
    return customers.end();
  }

  async end(): Promise<void> {
    await this.#ledger.end();
    await this.scene.end();
  }
}
