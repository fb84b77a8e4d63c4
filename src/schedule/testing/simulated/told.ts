import { deliver, deliverWaiting, Messages, type OutboxHands } from '../../../communications/index.ts';
import { isLifeboatError, LifeboatError, type Clock } from '../../../core/index.ts';
import type { Journal } from '../../../journal/index.ts';

/** What is told people, by the outbox as it is; one life of a serve long. */
export class Told {
  readonly messages = new Messages();
  readonly #over = new AbortController();
  readonly #hands: OutboxHands;

  /** `isTaken`: whether the channels take anything now. */
  constructor({ journal, clock, isTaken }: { journal: Journal; clock: Clock; isTaken: () => boolean }) {
    const send = async (): Promise<{ answer: string }> => {
      if (isTaken()) return { answer: 'thanks' };
      throw new LifeboatError('channel.unreachable', 'nobody listens');
    };
    this.#hands = {
      journal,
      clock,
      plan: 'simulated',
      open: async () => ({ notifier: { location: 'here', send }, twice: 'recognised' }),
      next: () => undefined,
      signal: this.#over.signal,
    };
  }

  say(key: string): void {
    this.#inTheBackground(deliver({ key, channel: 'ops', subject: key, body: '' }, this.#hands));
  }

  /** What waits, if its time has come. */
  bring(): void {
    this.#inTheBackground(deliverWaiting(this.messages, this.#hands));
  }

  end(): void {
    this.#over.abort(new Error('killed'));
  }

  /** It waits in simulated time, which whoever calls lets pass. */
  #inTheBackground(told: Promise<unknown>): void {
    told.catch((error: unknown) => {
      if (!this.#over.signal.aborted && !isLifeboatError(error, 'message.undelivered')) throw error;
    });
  }
}
