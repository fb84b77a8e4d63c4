import { limits, redact, toLifeboatError } from '../../core/index.ts';
import type { ActiveRun } from './active-run.ts';
import { contextOf } from './context.ts';
import type { StepInput, StepKind } from '../step.ts';

/**
 * What steps leave going on beside the run after they are done (`StepKind.meanwhile`): begun when such a step is done, or is found done when a run is
 * gone on with, and ended with the runner. It stops nothing, and nothing of it outlives the runner.
 */
export class Meanwhile {
  readonly #over = new AbortController();
  readonly #going = new Map<string, Promise<void>>();
  #broken: { readonly error: unknown } | undefined;

  begin(active: ActiveRun, kind: StepKind, input: StepInput<unknown>): void {
    if (kind.meanwhile === undefined || this.#over.signal.aborted || this.#going.has(input.id)) return;
    const going = this.#keep(active, kind, input).catch((error: unknown) => {
      // Nobody waits for it yet: the run ends now, and whoever ends this is told why.
      this.#broken ??= { error };
      active.breakOff(error);
    });
    this.#going.set(input.id, this.#bounded(active, input.id, going));
  }

  /** Ends all of it, and waits until it has, but not for ever. Throws what kept it from being written down. */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#going.values());
    if (this.#broken !== undefined) throw this.#broken.error;
  }

  /** What does not listen must not keep the run from its end. */
  async #bounded(active: ActiveRun, step: string, going: Promise<void>): Promise<void> {
    const ended = new AbortController();
    await Promise.race([going, this.#patience(active, step, ended.signal)]);
    ended.abort();
  }

  async #patience({ tools }: ActiveRun, step: string, ended: AbortSignal): Promise<void> {
    const over = this.#over.signal;
    const { clock, progress } = tools.workspace;
    if (!over.aborted) await new Promise<void>((resolve) => over.addEventListener('abort', () => resolve()));
    await clock.sleep(limits.stepStopMs, ended);
    progress.note(`${step}: what it left going on did not end within ${limits.stepStopMs / 1000} s`);
  }

  async #keep(active: ActiveRun, kind: StepKind, input: StepInput<unknown>): Promise<void> {
    const { journal } = active.tools.workspace;
    const { run } = active;
    const { context } = contextOf(active, input, 0, AbortSignal.any([this.#over.signal, active.signal]));
    journal.append('step.meanwhile', { step: input.id, is: 'begun' }, { run });
    let summary: string;
    try {
      summary = (await kind.meanwhile?.(input, context)) ?? '';
    } catch (error) {
      // It was a help beside the run: that it broke is written down, and the run goes on.
      summary = `it broke: ${toLifeboatError(error).message}`;
    }
    if (summary !== '') context.output(summary);
    journal.append('step.meanwhile', { step: input.id, is: 'ended', summary: redact(summary) }, { run });
  }
}
