import { deliverWaiting, Messages } from '../../communications/index.ts';
import { limits, toLifeboatError } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { Plan } from '../../plan/index.ts';
import { outboxHands } from '../messages.ts';
import type { ServeEvent } from './events.ts';
import { Telling } from './telling.ts';

export interface PostmanOptions {
  readonly workspace: Workspace;
  /** The plan that is kept to now. */
  plan(): Plan;
  /** All that is told now, as Prometheus would scrape it; undefined: nothing is kept yet. */
  metrics(): string | undefined;
  say(event: ServeEvent): void;
}

/** Tells people of alarms that begin and end, and brings what no channel has taken yet, as long as the schedule is ours: messages of runs, of other commands, and of a `serve` before. */
export class Postman {
  readonly messages = new Messages();
  readonly #options: PostmanOptions;
  readonly #telling: Telling;
  #trouble = '';

  constructor(options: PostmanOptions) {
    this.#options = options;
    this.messages.refresh(options.workspace.journal);
    this.#telling = new Telling(options.workspace, (words) => options.say({ event: 'note', words }));
  }

  /** Until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.workspace;
    while (!signal.aborted) {
      await this.round(signal);
      await clock.sleep(limits.tellEveryMs, signal).catch(() => {}); // told to end
    }
  }

  async round(signal: AbortSignal): Promise<void> {
    const { workspace, plan, metrics, say } = this.#options;
    try {
      const inForce = { ...workspace, plan: plan() };
      await this.#telling.round(inForce, metrics(), signal);
      await deliverWaiting(this.messages, outboxHands(inForce, signal));
      this.#trouble = '';
    } catch (error) {
      const failure = toLifeboatError(error);
      // The same trouble is said once: a full disk would be said every few seconds.
      if (!signal.aborted && failure.message !== this.#trouble) say({ event: 'trouble', error: failure });
      this.#trouble = failure.message;
    }
  }
}
