import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../core/index.ts';
import { openJournal, type Journal } from '../../journal/index.ts';
import type { Notifier } from '../notifier.ts';
import { deliver, type OpenChannel } from '../outbox.ts';

/** One message, said by one process after the other; each knows what the journal says alone, and comes an hour after the last. */
export class CrashingOutbox {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lifeboat-outbox-'));
  readonly #clock = new ManualClock();
  readonly #channel: OpenChannel;
  #underWay = 0;

  constructor({ notifier, twice }: OpenChannel) {
    const send: Notifier['send'] = (message, signal) => {
      this.#underWay += 1;
      return notifier.send(message, signal).finally(() => (this.#underWay -= 1));
    };
    this.#channel = { notifier: { ...notifier, send }, twice };
  }

  /** What became of it, or what was thrown. */
  async deliver(subject: string): Promise<unknown> {
    return this.#asOneProcess(async (journal) => {
      const matter = { severity: 'critical', state: 'begins', id: 'the shop' } as const;
      const said = deliver(
        { key: 'run-1/tell', channel: 'ops', subject, body: 'We know of it.', matter },
        {
          journal,
          clock: this.#clock,
          plan: 'corner-shop',
          open: async () => this.#channel,
          next: () => undefined,
          signal: new AbortController().signal,
        },
      ).catch((error: unknown) => error);
      const soon = (): Promise<'not yet'> => new Promise((resolve) => setTimeout(resolve, 5, 'not yet'));
      // Pauses go by at once; what is under way takes its time.
      while ((await Promise.race([said, soon()])) === 'not yet')
        if (this.#underWay === 0) await this.#clock.advance(500);
      return said;
    });
  }

  /** As `kill -9` leaves it between its sending and the answer. */
  async crashInAnAttempt(): Promise<void> {
    await this.#asOneProcess(async (journal) => {
      const [sent] = journal.records({ kinds: ['message.attempted'] });
      journal.append('message.attempted', { ...sent?.data });
    });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  async #asOneProcess<T>(work: (journal: Journal) => Promise<T>): Promise<T> {
    await this.#clock.advance(3_600_000);
    const journal = openJournal(join(this.#folder, 'journal.db'), { clock: this.#clock, host: 'here' });
    try {
      return await work(journal);
    } finally {
      journal.close();
    }
  }
}
