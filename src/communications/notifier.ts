import type { z } from 'zod';
import type { Clock } from '../core/index.ts';

/**
 * One way to tell people something. A folder a kind, `notifier.suite.ts` for what all of them promise, a line in the registry. A notifier hands one
 * message over, once; what is tried again, told elsewhere, or not said twice is the business of the outbox.
 */
export interface NotifierKind<Settings = unknown> {
  /** As `type:` of a channel says it. */
  readonly type: string;
  /** What the plan writes beside `type`, `else` and `domain`. */
  readonly schema: z.ZodType<Settings>;
  /**
   * What happens to a message that comes twice, because nobody knew whether it had arrived. `recognised`: its key goes with it, and whoever gets it can
   * tell, so it is sent again. `seen`: people would see it twice, so it is not.
   */
  readonly twice: 'recognised' | 'seen';
  /** A matter that began there stands open until its end is told. */
  readonly opensCases?: boolean;
  /** Reads secrets; sends nothing. Throws `secret.unset`, `channel.refused` for settings that cannot work. */
  open(settings: Settings, hands: NotifierHands): Promise<Notifier>;
}

export interface NotifierHands {
  readonly clock: Clock;
  /** A contact of the plan. */
  contact(name: string): Reachable | undefined;
  /** Shows a line to whoever runs this process. */
  say(line: string): void;
}

/** Where one person, or one desk, is reached. */
export interface Reachable {
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
}

export interface Notifier {
  /** Where it leads, for people and for the record: never a secret. */
  readonly location: string;
  /**
   * Resolves when the other side said that it has the message, with what it said. Ends within the signal.
   * Throws `channel.unreachable` (it was not taken; later it may be, with `retryAfterMs` where the other side says when), `channel.silent` (nobody
   * knows whether it was taken) and `channel.refused` (it will not be).
   */
  send(message: Message, signal: AbortSignal): Promise<Sent>;
}

export interface Sent {
  readonly answer: string;
  /** Nothing left, because there is nothing to do for such a message: nothing is learnt of the channel, either. */
  readonly notSent?: boolean;
}

/** Redacted already. */
export interface Message {
  /** The same for every attempt at this message, also after a crash. */
  readonly key: string;
  /** The channel that it was written for. */
  readonly channel: string;
  readonly subject: string;
  readonly body: string;
  /** When it was written, milliseconds since 1970. */
  readonly atMs: number;
  /** The plan's name. */
  readonly plan: string;
  /** Undefined: it stands for itself. */
  readonly matter?: Matter;
}

/** Something that begins, goes on and ends, and of which several messages tell: whoever pages people opens and closes one case for it. */
export interface Matter {
  /** The same in all of its messages. */
  readonly id: string;
  /** `seen`: somebody works on it. */
  readonly state: MatterState;
  readonly severity: 'critical' | 'warning' | 'info';
}

export const matterStates = ['begins', 'goes_on', 'seen', 'ends'] as const;
export type MatterState = (typeof matterStates)[number];
