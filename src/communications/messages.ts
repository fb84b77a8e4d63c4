import { limits } from '../core/index.ts';
import type { Journal, JournalRecord } from '../journal/index.ts';
import type { Message } from './notifier.ts';
import { messageOf } from './outbox.ts';

/** A message that nobody has taken yet. */
export interface Waiting extends Omit<Message, 'plan'> {
  /** How often every channel was tried without one that took it. */
  readonly rounds: number;
  /** When something was last done for it, milliseconds since 1970. */
  readonly movedMs: number;
  /** It is under way, as far as anybody knows: the last that was written down is no end. */
  readonly underWay: boolean;
}

/** How a channel did, the last time that something went through it. */
export interface ChannelFact {
  readonly sentMs: number | undefined;
  /** Since when it takes nothing; undefined: the last message went through, or none was tried. */
  readonly failingSinceMs: number | undefined;
  /** Why, in words for people. */
  readonly words: string;
}

export interface MessageFacts {
  readonly waiting: readonly Waiting[];
  readonly channels: ReadonlyMap<string, ChannelFact>;
}

/** What the journal says of messages and channels: one reading for the outbox, metrics, `status` and `check --live`. */
export class Messages implements MessageFacts {
  readonly channels = new Map<string, ChannelFact>();
  readonly #waiting = new Map<string, Waiting>();
  #read = 0;

  /** Takes in what was added since. */
  refresh(journal: Pick<Journal, 'records'>): void {
    for (;;) {
      const page = journal.records({ kinds: ['message.*'], after: this.#read, most: limits.recordsAtOnce });
      for (const record of page) {
        this.#read = record.sequence;
        this.take(record);
      }
      if (page.length < limits.recordsAtOnce) return;
    }
  }

  get waiting(): readonly Waiting[] {
    return [...this.#waiting.values()];
  }

  take(record: JournalRecord): void {
    const { kind, data, atMs } = record;
    const key = String(data['key']);
    if (kind === 'message.queued') {
      if (data['onlyNow'] === true) return;
      this.#waiting.set(key, { ...messageOf(record), rounds: 0, movedMs: atMs, underWay: true });
    } else if (kind === 'message.sent') {
      this.#waiting.delete(key);
      // Where nobody knows whether it arrived, nothing is known of the channel either.
      if (data['unsure'] !== true)
        this.channels.set(String(data['through']), { sentMs: atMs, failingSinceMs: undefined, words: '' });
    } else if (kind === 'message.dropped') this.#waiting.delete(key);
    else {
      if (kind === 'message.failed') this.#failed(record);
      const waiting = this.#waiting.get(key);
      const isOver = kind === 'message.undelivered';
      if (waiting === undefined) return;
      this.#waiting.set(key, {
        ...waiting,
        movedMs: atMs,
        underWay: !isOver,
        rounds: waiting.rounds + (isOver ? 1 : 0),
      });
    }
  }

  #failed({ data, atMs }: JournalRecord): void {
    const channel = String(data['through']);
    const before = this.channels.get(channel);
    const { message = '' } = data['error'] as { message?: string };
    this.channels.set(channel, {
      sentMs: before?.sentMs,
      failingSinceMs: before?.failingSinceMs ?? atMs,
      words: message,
    });
  }
}

export function messagesOf(records: readonly JournalRecord[]): MessageFacts {
  const messages = new Messages();
  for (const record of records) if (record.kind.startsWith('message.')) messages.take(record);
  return messages;
}
