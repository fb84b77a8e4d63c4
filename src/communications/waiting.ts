import { isLifeboatError, limits } from '../core/index.ts';
import { overtakes, type Messages, type Waiting } from './messages.ts';
import { deliver, type OutboxHands } from './outbox.ts';

/**
 * Tries once more what nobody took, and what was under way when its sender ended; each when its time has come, oldest first. What is too old, too many, or
 * overtaken by a later word on the same matter is dropped, and that is written down. Throws `journal.*`, and the signal's reason.
 */
export async function deliverWaiting(messages: Messages, hands: OutboxHands): Promise<void> {
  const { journal, clock, signal } = hands;
  messages.refresh(journal);
  for (const { message, why } of tooMuch(messages.waiting, clock.now()))
    journal.append('message.dropped', { key: message.key, channel: message.channel, why });
  messages.refresh(journal);
  const silent = new Set<string>();
  for (const message of messages.waiting) {
    signal.throwIfAborted();
    // One that has just failed is not asked again for each that waits for it: that would keep all others waiting.
    if (silent.has(message.channel) || dueMs(message) > clock.now()) continue;
    try {
      await deliver(message, hands);
    } catch (error) {
      if (!isLifeboatError(error, 'message.undelivered')) throw error;
      silent.add(message.channel);
    }
  }
  messages.refresh(journal);
}

/** When it is tried again: what is under way is left to whoever sends it until nobody can be at it any more. */
export function dueMs({ underWay, movedMs, rounds }: Waiting): number {
  if (underWay) return movedMs + limits.messageIdleMs;
  return movedMs + Math.min(limits.messageAgainMsMax, limits.messageAgainMs * 2 ** (rounds - 1));
}

function tooMuch(waiting: readonly Waiting[], nowMs: number): { message: Waiting; why: string }[] {
  const idle = waiting.filter(({ underWay }) => !underWay);
  const excess = Math.max(0, waiting.length - limits.messagesWaitingMax);
  return idle.flatMap((message, index) => {
    const isOvertaken = message.overtaken || waiting.some((other) => overtakes(other, message));
    const why = isOvertaken
      ? 'a later message says how it stands'
      : nowMs - message.atMs > limits.messageKeepMs
        ? 'nobody took it for a day'
        : index < excess
          ? 'too many wait'
          : undefined;
    return why === undefined ? [] : [{ message, why }];
  });
}
