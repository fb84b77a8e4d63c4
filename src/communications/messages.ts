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
  /** Something later was told of its matter: it would only confuse. */
  readonly overtaken: boolean;
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
      this.#waiting.set(key, { ...messageOf(record), rounds: 0, movedMs: atMs, underWay: true, overtaken: false });
    } else if (kind === 'message.sent') {
      this.#told(key, data['notSent'] === true);
      // Where nobody knows whether it arrived, or nothing left, nothing is known of the channel either.
      if (data['unsure'] !== true && data['notSent'] !== true)
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

  /** A reminder that is not sent opens no case, and so does not stand for the message that would. */
  #told(key: string, notSent: boolean): void {
    const told = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (told?.matter === undefined || (notSent && told.matter.state !== 'ends')) return;
    for (const [other, waiting] of this.#waiting)
      if (overtakes(told, waiting)) this.#waiting.set(other, { ...waiting, overtaken: true });
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

type Word = Pick<Waiting, 'matter' | 'channel' | 'atMs'>;

/**
 * Whether the later of two messages of one matter says all that the earlier one did. That somebody works on it opens no case, so that its beginning must
 * be told; and a reminder does not say it.
 */
export const overtakes = (later: Word, earlier: Word): boolean =>
  later.matter !== undefined &&
  later.matter.id === earlier.matter?.id &&
  (later.matter.state === 'ends' || ![later.matter.state, earlier.matter.state].includes('seen')) &&
  later.channel === earlier.channel &&
  later.atMs > earlier.atMs;

export function messagesOf(records: readonly JournalRecord[]): MessageFacts {
  const messages = new Messages();
  for (const record of records) if (record.kind.startsWith('message.')) messages.take(record);
  return messages;
}
