import { assert } from '../../../core/index.ts';

/**
 * Lets one call of one actor through at a time, in an order that was chosen beforehand: the same choices give the same
 * interleaving. An actor is between two calls of `pass`, or has ended; it must not wait for another actor.
 */
export class Turns {
  readonly #choices: readonly number[];
  readonly #waiting = new Map<number, (() => void)[]>();
  readonly #active = new Set<number>();
  #changed: () => void = () => {};
  /** Calls that were let through. */
  passed = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  /** Waits for the turn of this actor. */
  pass(actor: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.get(actor)?.push(resolve);
      this.#changed();
    });
  }

  /** Runs the actors until all have ended; throws the first error of any. */
  async run(actors: readonly (() => Promise<void>)[]): Promise<void> {
    const errors: unknown[] = [];
    actors.forEach((_, actor) => {
      this.#active.add(actor);
      this.#waiting.set(actor, []);
    });
    const runs = actors.map((act, actor) =>
      act()
        .catch((error: unknown) => void errors.push(error))
        .finally(() => {
          this.#active.delete(actor);
          this.#changed();
        }),
    );
    await this.#letThrough();
    await Promise.all(runs);
    if (errors.length > 0) throw errors[0];
  }

  async #letThrough(): Promise<void> {
    while (this.#active.size > 0) {
      await this.#untilAllWait();
      const ready = [...this.#active].filter((actor) => (this.#waiting.get(actor) ?? []).length > 0);
      if (ready.length === 0) continue;
      const choice = this.#choices[this.passed % Math.max(1, this.#choices.length)] ?? 0;
      const actor = ready[choice % ready.length] as number;
      this.passed += 1;
      const next = this.#waiting.get(actor)?.shift();
      assert(next !== undefined, 'a ready actor waits');
      next();
    }
  }

  /** Nothing is chosen before it is known what there is to choose from. */
  async #untilAllWait(): Promise<void> {
    for (;;) {
      // Calls that one actor makes at once shall all be there.
      await new Promise((resolve) => setImmediate(resolve));
      if ([...this.#active].every((actor) => (this.#waiting.get(actor) ?? []).length > 0)) return;
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }
}
