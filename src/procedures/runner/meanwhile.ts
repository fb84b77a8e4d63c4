import { redact, toLifeboatError } from '../../core/index.ts';
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

  begin(active: ActiveRun, kind: StepKind, input: StepInput<unknown>): void {
    if (kind.meanwhile === undefined || this.#over.signal.aborted || this.#going.has(input.id)) return;
    this.#going.set(input.id, this.#keep(active, kind, input));
  }

  /** Ends all of it, and waits until it has. */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#going.values());
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
