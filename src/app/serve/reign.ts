import { limits, silentProgress, toLifeboatError, type LifeboatError, type Progress } from '../../core/index.ts';
import { rememberOthers, shipJournal, stream, streamedAssets } from '../../operations/index.ts';
import type { Plan } from '../../plan/index.ts';
import { Ledger, Scheduler, Streams, tasksOf, type Keeping } from '../../schedule/index.ts';
import type { OpenWorkspace } from '../open.ts';
import { handsOf } from './hands.ts';
import { Postman } from './postman.ts';
import { keepersOf } from './keepers.ts';
import type { Role } from './role.ts';
import type { ServeEvent } from './events.ts';
import { Workspaces } from './workspaces.ts';

export interface ReignOptions {
  /** Open as long as the reign lasts; its journal is where everything is written down. */
  readonly workspace: OpenWorkspace;
  readonly role: Role;
  /** Names this process in the journal. */
  readonly id: string;
  readonly jobsAtOnce: number;
  open(plan: Plan): Promise<OpenWorkspace>;
  /** All that is told now, as Prometheus would scrape it; undefined: nothing is kept yet. */
  metrics(): string | undefined;
  say(event: ServeEvent): void;
}

/** The schedule of a plan, kept by us from `begin` to the end of `run`. */
export class Reign {
  readonly #options: ReignOptions;
  readonly #ledger: Ledger;
  readonly #scheduler: Scheduler;
  readonly #sinceMs: number;
  readonly #retired: Promise<void>[] = [];
  readonly #postman: Postman;
  #plan: Plan;
  #workspaces: Workspaces;
  #streams: Streams;
  #isOver = false;
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(options: ReignOptions) {
    this.#options = options;
    const { workspace, jobsAtOnce, say } = options;
    const { plan, clock, journal } = workspace;
    this.#sinceMs = clock.now();
    this.#plan = plan;
    this.#ledger = new Ledger(journal, clock);
    this.#workspaces = this.#workspacesOf(plan);
    this.#streams = this.#streamsOf();
    const hands = handsOf(() => this.#workspaces);
    this.#postman = new Postman({ workspace, plan: () => this.#plan, metrics: options.metrics, say });
    this.#scheduler = new Scheduler({ clock, ledger: this.#ledger, hands, jobsAtOnce, say });
  }

  /** Takes in what was done until now, here and on other machines. Throws `journal.*`, `disk.*`. */
  static async begin(options: ReignOptions, signal: AbortSignal): Promise<Reign> {
    const { workspace, role, id } = options;
    await within(limits.rememberMs, workspace, signal, (bound) =>
      rememberOthers({ ...workspace, progress: notesOf(options) }, [...workspace.plan.stores.keys()], bound),
    );
    const reign = new Reign(options);
    reign.#ledger.refresh();
    const { stoodBy, lease } = role;
    const { stores, without } = lease;
    workspace.journal.append('schedule.kept', { id, host: workspace.host, stoodBy, stores, without });
    const tasks = reign.#tasksOf(workspace.plan);
    reign.#ledger.bury(tasks);
    reign.#scheduler.use(tasks);
    reign.#streams.begin(streamedAssets(workspace));
    return reign;
  }

  /** The plan that is kept to. */
  get plan(): Plan {
    return this.#plan;
  }

  get keeping(): Keeping {
    return {
      sinceMs: this.#sinceMs,
      scheduler: this.#scheduler,
      ledger: this.#ledger,
      streams: this.#streams.facts(),
      toldBy: this.#options.role.lease.stores,
      messages: this.#postman.messages,
    };
  }

  /** Until the signal fires. Returns what was still under way when its time to end was over. Throws `journal.*` only at the very end. */
  async run(signal: AbortSignal): Promise<string[]> {
    const shipping = Promise.all([this.#ship(signal), this.#postman.run(signal)]);
    const stopping = (): void => {
      const running = this.#scheduler.running.map(({ task }) => task.id);
      this.#options.say({ event: 'stopping', running });
    };
    signal.addEventListener('abort', stopping, { once: true });
    const left = await this.#scheduler.run(signal, async () => {
      this.#isOver = true;
      // Those of a plan that is changing just now must end too, and none begin.
      await Promise.all([this.#streams.end(signal.reason), this.#changing]);
      await this.#streams.end(signal.reason);
    });
    await shipping;
    await this.#leave(signal.reason);
    return left;
  }

  /**
   * From now on by this plan: what is under way ends as it began, streams begin again. One change after the other. Throws what a plan that cannot be
   * kept to throws, and `journal.*`; then the one before is kept to.
   */
  usePlan(plan: Plan): Promise<void> {
    const changed = this.#changing.then(() => this.#change(plan));
    this.#changing = changed.catch(() => {}); // who asked for it hears of it
    return changed;
  }

  async #change(plan: Plan): Promise<void> {
    const { workspace, say } = this.#options;
    if (this.#isOver || plan.hash === this.#plan.hash) return;
    // First what may throw: then nothing has changed.
    const tasks = this.#tasksOf(plan);
    const streamed = streamedAssets({ ...workspace, plan });
    workspace.journal.append('schedule.plan', { hash: plan.hash });
    this.#scheduler.use(tasks);
    this.#plan = plan;
    this.#retired.push(this.#workspaces.retire());
    this.#workspaces = this.#workspacesOf(plan);
    const streams = this.#streams;
    this.#streams = this.#streamsOf();
    await streams.end(new Error('the plan has changed'));
    this.#streams.begin(streamed);
    say({ event: 'note', words: 'the plan has changed and is kept to as it is now' });
  }

  #tasksOf(plan: Plan): ReturnType<typeof tasksOf> {
    return tasksOf(plan, keepersOf(plan, this.#options.workspace.clock));
  }

  #workspacesOf(plan: Plan): Workspaces {
    return new Workspaces(() => this.#options.open(plan), this.#options.workspace.clock);
  }

  #streamsOf(): Streams {
    const workspaces = this.#workspaces;
    const { workspace, say } = this.#options;
    return new Streams({
      clock: workspace.clock,
      run: (asset, take, signal) =>
        workspaces.use(silentProgress, (lent) => stream(lent, { assets: [asset], say: take, signal })),
      say: (asset, words) => say({ event: 'stream', asset, words }),
    });
  }

  /** Other machines learn from it what was done, and a machine that is lost leaves it. */
  async #ship(signal: AbortSignal): Promise<void> {
    const { workspace } = this.#options;
    while (!signal.aborted) {
      await workspace.clock.sleep(limits.shipEveryMs, signal).catch(() => {}); // told to end
      if (!signal.aborted) await this.#shipNow();
    }
  }

  async #shipNow(): Promise<void> {
    const { say } = this.#options;
    try {
      const { failures } = await this.#workspaces.use(silentProgress, (lent) =>
        shipJournal(lent, [...lent.plan.stores.keys()]),
      );
      for (const error of failures) say({ event: 'note', words: notBrought(error) });
    } catch (error) {
      say({ event: 'note', words: notBrought(toLifeboatError(error)) });
    }
  }

  async #leave(reason: unknown): Promise<void> {
    const { workspace, id, role, say } = this.#options;
    try {
      workspace.journal.append('schedule.left', { id, why: toLifeboatError(reason).message });
    } catch (error) {
      // Who comes next sees it by our silence.
      say({ event: 'trouble', error: toLifeboatError(error) });
    }
    await within(limits.serveLeaveMs, workspace, undefined, async () => {
      await this.#shipNow();
      await role.release();
    });
    await Promise.all([...this.#retired, this.#workspaces.retire()]);
  }
}

const notBrought = ({ message, code }: LifeboatError): string =>
  `the journal was not brought to a store, and is again in a while: ${message} [${code}]`;

const notesOf = ({ say }: ReignOptions): Progress => ({
  ...silentProgress,
  note: (words) => say({ event: 'note', words }),
});

/** What must not keep anybody waiting: given up after a time, and gone on without. */
async function within(
  ms: number,
  { clock }: OpenWorkspace,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  const bound = AbortSignal.any([over.signal, ...(signal === undefined ? [] : [signal])]);
  const timer = clock.sleep(ms, bound).catch(() => {}); // all was done before
  await Promise.race([work(bound).catch(() => {}), timer]); // what failed has said so itself
  over.abort();
}
