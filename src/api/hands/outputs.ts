import { isoTime, limits, redact, type Clock } from '../../core/index.ts';
import type { ApiEvent } from '../contract/index.ts';

/** The last lines that steps of runs put out which this server runs. */
export class Outputs {
  readonly #clock: Clock;
  readonly #tell: (event: ApiEvent) => void;
  readonly #runs = new Map<string, Map<string, string[]>>();

  constructor(clock: Clock, tell: (event: ApiEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  take(run: string, step: string, line: string): void {
    const steps = this.#runs.get(run) ?? new Map<string, string[]>();
    this.#runs.set(run, steps);
    const text = redact(line).slice(0, limits.outputLineCharactersMax);
    const lines = [...(steps.get(step) ?? []), text].slice(-limits.outputLinesKept);
    steps.set(step, lines);
    this.#tell({ type: 'output', at: isoTime(this.#clock.now()), run, step, lines: [text] });
    if (this.#runs.size > limits.operationsKept) this.#runs.delete(this.#runs.keys().next().value as string);
  }

  of(run: string, step: string): string[] {
    return this.#runs.get(run)?.get(step) ?? [];
  }
}
