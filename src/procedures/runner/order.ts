import { assert, LifeboatError } from '../../core/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';

/** Whether the steps that need a step may go on: it is done, or was skipped by its `if`. */
export type Passed = boolean;

/**
 * Walks steps in their order: a step starts when all it needs has passed; without `needs` that is the step before (in a
 * procedure) or nothing (in a `parallel`). `act` is called at most once a step and says whether it passed; a step whose
 * needs did not pass is never started. Resolves when nothing runs any more; then throws the first error that `act` threw.
 */
export class Order {
  readonly #passed = new Map<string, PromiseWithResolvers<Passed>>();

  constructor(scenario: Pick<Scenario, 'steps'>) {
    this.#expect(scenario.steps, []);
  }

  async walk(
    steps: readonly StepDeclaration[],
    act: (step: StepDeclaration) => Promise<Passed>,
    options: { sequential: boolean; limit?: number },
  ): Promise<Passed> {
    const slots = new Slots(options.limit ?? Infinity);
    const settled = await Promise.allSettled(
      steps.map((step, index) => this.#one(step, options.sequential ? steps[index - 1] : undefined, act, slots)),
    );
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    return settled.every((result) => result.status === 'fulfilled' && result.value);
  }

  async #one(
    step: StepDeclaration,
    previous: StepDeclaration | undefined,
    act: (step: StepDeclaration) => Promise<Passed>,
    slots: Slots,
  ): Promise<Passed> {
    const own = this.#of(step.id);
    let passed = false;
    try {
      const needs = step.needs ?? (previous === undefined ? [] : [previous.id]);
      const ready = await Promise.all(needs.map((id) => this.#of(id).promise));
      // A slot is taken only when nothing is waited for any more: two steps can never wait for each other's slot.
      if (ready.every(Boolean)) passed = await slots.use(() => act(step));
      return passed;
    } finally {
      own.resolve(passed);
      // Steps inside a group that was skipped or never began are answered for by their group.
      this.#answerFor(insideOf(step), passed);
    }
  }

  #answerFor(steps: readonly StepDeclaration[], passed: Passed): void {
    for (const step of steps) {
      this.#of(step.id).resolve(passed);
      this.#answerFor(insideOf(step), passed);
    }
  }

  /** Needs may only look back, so that no two steps can wait for each other. */
  #expect(steps: readonly StepDeclaration[], within: readonly string[]): void {
    for (const step of steps) {
      for (const need of step.needs ?? []) {
        if (this.#passed.has(need) && !within.includes(need)) continue;
        throw new LifeboatError('plan.unknown_name', `step ${step.id} needs ${need}, which is no earlier step`, {
          where: `${step.place.file}:${step.place.line}:${step.place.column}`,
          hint: 'Needs name steps that stand before it and do not contain it.',
        });
      }
      if (this.#passed.has(step.id)) {
        throw new LifeboatError('plan.invalid', `two steps are called ${step.id}`, {
          where: `${step.place.file}:${step.place.line}:${step.place.column}`,
        });
      }
      this.#passed.set(step.id, Promise.withResolvers());
      this.#expect(insideOf(step), [...within, step.id]);
    }
  }

  #of(id: string): PromiseWithResolvers<Passed> {
    const found = this.#passed.get(id);
    assert(found !== undefined, `step ${id} was met when the order was made`);
    return found;
  }
}

/** Steps that stand inside another one, in all its ways. */
export const insideOf = ({ steps, options = [] }: StepDeclaration): StepDeclaration[] => [
  ...steps,
  ...options.flatMap((option) => option.steps),
];

class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
