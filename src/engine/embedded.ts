import { LifeboatError, limits, type Clock } from '../core/index.ts';
import type { Journal } from '../journal/index.ts';
import { readHistory } from '../procedures/index.ts';
import type { Acted, Engine, InsideRun, RunOrder, SiteActions, Standing } from './engine.ts';
import { errorFrom } from './plain-error.ts';
import { isOver, procedure, wordOf } from './procedure.ts';

export interface EmbeddedRequest {
  readonly actions: SiteActions;
  readonly journal: Journal;
  readonly clock: Clock;
  /** Of the plan as this process has it: what was begun with another one goes on by its own snapshot. */
  readonly planHash: string;
}

/**
 * The engine that needs nothing: this process, and the journal, from which a new process knows what the last one was at. Who asks it for the end of a
 * run that its process left without a word goes on with that run.
 */
export function embeddedEngine({ actions, journal, clock, planHash }: EmbeddedRequest): Engine {
  const runs = new Map<string, Run>();
  const start = (order: RunOrder, round = 1): Run => {
    const known = runs.get(order.run);
    if (known !== undefined) return known;
    const run = new Run(order, actions, clock, round);
    runs.set(order.run, run);
    return run;
  };
  /** One that is in the journal alone is told anew up to where it is. */
  const find = async (run: string): Promise<Run> =>
    runs.get(run) ?? start(orderIn(journal, run, planHash), lastRound(journal, run));
  return {
    name: 'embedded',
    start: async (order) => {
      const run = start(order);
      // Kept is what the journal has; what was refused never will be.
      const isKept = (): boolean => journal.records({ run: order.run, kinds: ['run.started'] }).length > 0;
      while (!run.isSettled && !isKept()) await clock.sleep(limits.engineKeptMs);
    },
    signal: async ({ run }, word) => {
      const known = await find(run);
      await known.settled();
      const heard = await actions.hear({ run, word });
      if (heard.error !== undefined) throw errorFrom(heard.error);
      return known.hear(word);
    },
    cancel: async ({ run }, by, reason) => {
      const known = await find(run);
      const word = { kind: 'cancel', by, ...(reason === undefined ? {} : { reason }) } as const;
      const heard = await actions.hear({ run, word });
      if (heard.error !== undefined) throw errorFrom(heard.error);
      return known.hear(word);
    },
    result: async ({ run }, heard, signal) => resultOf(await (await find(run)).end(heard?.after ?? 0, signal)),
    close: async () => {},
  };
}

/** What a client makes of an end. */
export function resultOf({ result, error }: Acted): NonNullable<Acted['result']> {
  if (error !== undefined) throw errorFrom(error);
  return result as NonNullable<Acted['result']>;
}

/** A run in this process: the workflow, and who waits for what. */
class Run {
  readonly #words = new Map<string, PromiseWithResolvers<unknown>>();
  #standing: Standing = { round: 0 };
  #changed = Promise.withResolvers<void>();

  constructor(order: RunOrder, actions: SiteActions, clock: Clock, firstRound: number) {
    const inside: InsideRun = {
      step: (_site, name, input) =>
        (actions[name] as (one: typeof input) => ReturnType<typeof inside.step>)(input) as never,
      sleep: (ms) => clock.sleep(ms),
      signal: (name) => this.#word(name).promise as Promise<never>,
      all: (pending) => Promise.all(pending),
      tell: (standing) => {
        this.#standing = standing;
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
      },
    };
    // What was said before this process began stands in the journal: the earlier rounds end as they did.
    for (let round = 1; round < firstRound; round += 1) this.#word(wordOf(round)).resolve({ kind: 'resume' });
    void procedure(inside, order);
  }

  /** Throws `run.held` while a runner acts and the word is not to end it. */
  hear(word: { readonly kind: string }): { after: number } {
    const { round, acted } = this.#standing;
    if (word.kind === 'resume' && acted === undefined) {
      throw new LifeboatError('run.held', 'a runner acts on this run', { hint: 'Watch it: lifeboat run show RUN' });
    }
    this.#word(wordOf(round)).resolve(word);
    return { after: round };
  }

  /** Whether its first round has come to an end. */
  get isSettled(): boolean {
    return this.#standing.acted !== undefined || this.#standing.round > 1;
  }

  /** Until the workflow is where the journal is. */
  async settled(): Promise<void> {
    while (this.#standing.round === 0) await this.#changed.promise;
  }

  async end(after: number, signal?: AbortSignal): Promise<Acted> {
    for (;;) {
      signal?.throwIfAborted();
      const { round, acted } = this.#standing;
      if (acted !== undefined && (round > after || isOver(acted))) return acted;
      await Promise.race([this.#changed.promise, aborted(signal)]);
    }
  }

  #word(name: string): PromiseWithResolvers<unknown> {
    const known = this.#words.get(name) ?? Promise.withResolvers<unknown>();
    this.#words.set(name, known);
    return known;
  }
}

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));

const lastRound = (journal: Journal, run: string): number =>
  Number(journal.records({ run, kinds: ['run.round'] }).at(-1)?.data['round'] ?? 1);

/** Throws `run.missing`. */
function orderIn(journal: Journal, run: string, planHash: string): RunOrder {
  const { started } = readHistory(journal, run);
  return {
    run,
    site: '',
    scenario: started.snapshot,
    planHash,
    environment: started.environment.name,
    incident: started.incident,
    ...(started.by === undefined ? {} : { by: started.by }),
  };
}
