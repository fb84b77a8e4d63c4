import type { CheckSpec } from '../../checks/index.ts';
import { isLifeboatError, LifeboatError, limits } from '../../core/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { nothingOf, redAmong } from './beside-checks.ts';
import { askInside } from '../settings/check-of.ts';
import { contextOf } from '../runner/context.ts';
import type { StepContext } from '../step.ts';
import { variablesOf } from '../settings/variables.ts';

/** What is watched, and what its `${…}` mean. */
export interface Watched {
  readonly specs: readonly CheckSpec[];
  /** For people and the record: `invariants`. */
  readonly what: string;
  readonly variables: () => Record<string, unknown>;
  /** The environment, where it is not the run's. */
  readonly in?: string;
}

/**
 * Watches what must stay true while a run goes on: asked before its first act, every few seconds, and once more at its end. What is red twice in a row
 * stops the run, as a question for people: what runs ends by itself, and nothing new begins. Where a person goes on despite it, it is only written down.
 */
export class Invariants {
  readonly #active: ActiveRun;
  readonly #watched: Watched;
  readonly #specs: readonly CheckSpec[];
  readonly #over = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  /** What kept the watch itself from going on. */
  #broken: { readonly error: unknown } | undefined;

  constructor(active: ActiveRun, watched: Watched) {
    this.#active = active;
    this.#watched = watched;
    this.#specs = noteUnasked(active, watched.specs, watched.what, watched);
  }

  /** Asks them, and begins to watch. */
  async begin(): Promise<void> {
    if (this.#specs.length === 0) return;
    await this.#look();
    this.#active.watching.add(this);
    this.#watching = this.#watch().catch((error: unknown) => {
      // Nobody waits for it yet: the run ends now, and whoever ends the watch is told why.
      this.#broken = { error };
      this.#active.breakOff(error);
    });
  }

  /** Asks them now, beside the watch. */
  async ask(): Promise<void> {
    if (this.#specs.length > 0 && this.#active.stopped === undefined) await this.#look();
  }

  /** Asks them once more, when the steps are through. Throws what kept the watch from going on. */
  async end(): Promise<void> {
    await this.leave();
    await this.ask();
  }

  /** Ends watching without another look. Throws what kept the watch from going on. */
  async leave(): Promise<void> {
    this.#over.abort();
    this.#active.watching.delete(this);
    await this.#watching;
    if (this.#broken !== undefined) throw this.#broken.error;
  }

  async #watch(): Promise<void> {
    const { clock } = this.#active.tools.workspace;
    while (!this.#over.signal.aborted && this.#active.stopped === undefined) {
      try {
        await clock.sleep(limits.invariantLookMs, AbortSignal.any([this.#over.signal, this.#active.signal]));
        await this.#look();
      } catch (error) {
        if (this.#over.signal.aborted || this.#active.signal.aborted) return; // the run is over, and its end is written down elsewhere
        throw error;
      }
    }
  }

  async #look(): Promise<void> {
    const { clock } = this.#active.tools.workspace;
    if ((await this.#red()) === undefined) return;
    await clock.sleep(limits.invariantAgainMs, this.#active.signal);
    const red = await this.#red();
    if (red === undefined) return;
    const { despite } = this.#active;
    const { journal, progress } = this.#active.tools.workspace;
    journal.append('run.breached', { red, despite: despite ?? null }, { run: this.#active.run });
    progress.note(`what must stay true is not: ${red}`);
    if (despite !== undefined) return;
    this.#active.stopped ??= 'needs-human';
    this.#active.reason ??= new LifeboatError('run.breached', `what must stay true while it runs is not: ${red}`, {
      hint: `Repair it, then: lifeboat run resume ${this.#active.run}. Or, knowing what it costs: --despite "WHY".`,
    });
  }

  #red(): Promise<string | undefined> {
    return redOf(this.#active, { ...this.#watched, specs: this.#specs });
  }
}

/** What must be true at the end; a run whose every step is done and that did not bring it about has failed. */
export async function judgeSuccess(active: ActiveRun): Promise<void> {
  const specs = noteUnasked(active, active.scenario.success ?? [], 'success', {});
  if (specs.length === 0 || active.stopped !== undefined) return;
  const red = await redOf(active, { specs, what: 'success', variables: () => variablesOf(active) });
  active.tools.workspace.journal.append('run.judged', { red: red ?? null, checks: specs.length }, { run: active.run });
  if (red === undefined) return;
  active.stopped = 'failed';
  active.reason = new LifeboatError('check.failed', `every step is done, and what they were for is not: ${red}`, {
    hint: `Repair it, then ask again: lifeboat run resume ${active.run}`,
  });
}

async function redOf(active: ActiveRun, watched: Watched): Promise<string | undefined> {
  const { context } = contextOf(active, nothingOf({ ...watched, id: watched.what }), 0, active.signal);
  try {
    return await redAmong(watched.specs, watched.variables(), quiet(context));
  } catch (error) {
    if (active.signal.aborted || !isLifeboatError(error)) throw error;
    return `${watched.what} could not be asked: ${error.message}`; // unknown is never ok
  }
}

/** Those that can be asked here: a bubble reaches nothing outside, and the evidence says what it did not ask. */
export function noteUnasked(
  active: ActiveRun,
  specs: readonly CheckSpec[],
  what: string,
  place: Pick<Watched, 'in'>,
): readonly CheckSpec[] {
  const { context } = contextOf(active, nothingOf({ ...place, id: what }), 0, active.signal);
  return specs.filter((spec) => {
    try {
      askInside(context, spec);
      return true;
    } catch (error) {
      if (!isLifeboatError(error, 'drill.bubble')) throw error;
      const text = `${what}: ${spec.name ?? spec.kind}: ${error.message}`;
      active.tools.workspace.journal.append('run.unexercised', { text }, { run: active.run });
      return false;
    }
  });
}

/** Asked again and again: a line each time would bury what the steps say. */
const quiet = (context: StepContext): StepContext => ({ ...context, output: () => {} });
