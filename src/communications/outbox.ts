import { isLifeboatError, isoTime, LifeboatError, limits, redact, toLifeboatError, type Clock } from '../core/index.ts';
import type { Journal, JournalRecord } from '../journal/index.ts';
import type { Matter, Message, Notifier, NotifierKind, Sent } from './notifier.ts';

/** A channel of the plan, opened. */
export interface OpenChannel {
  readonly notifier: Notifier;
  readonly twice: NotifierKind['twice'];
}

export interface OutboxHands {
  readonly journal: Pick<Journal, 'append' | 'records'>;
  readonly clock: Clock;
  /** Name of the plan. */
  readonly plan: string;
  /** Throws whatever keeps it from being opened; then the next one is tried. */
  open(channel: string): Promise<OpenChannel>;
  /** The channel that stands in for this one. */
  next(channel: string): string | undefined;
  readonly signal: AbortSignal;
  /** Between 0 and 1, for pauses: senders that failed together do not come again together. */
  random?(): number;
}

export interface Outgoing extends Pick<Message, 'key' | 'channel' | 'subject' | 'body' | 'matter'> {
  /** It is worth nothing later: whoever keeps the plan does not send it again (see `deliverWaiting`). */
  readonly onlyNow?: boolean;
}

/** What became of a message. */
export interface Delivery {
  /** The channel that took it, which may be one that stood in. */
  readonly through: string;
  readonly location: string;
  readonly answer: string;
  /** It was delivered before, by an earlier attempt of the same step. */
  readonly already: boolean;
  /** It was under way when its sender ended, and is not said again, because people would see it twice. */
  readonly unsure: boolean;
  /** Channels that did not take it, with the reason. */
  readonly failed: readonly string[];
}

/**
 * Delivers a message once for each key, whatever crashes and resumes: what is to be said is in the journal before anything is sent, each attempt has
 * a record before and after, and the first words for a key are the ones that are sent. What other machines told counts, as far as their journals are
 * remembered here: who takes a plan over says nothing again. Each channel is tried a few times, then the one that stands in for it.
 * Throws `message.undelivered` when none took it.
 */
export async function deliver(message: Outgoing, hands: OutboxHands): Promise<Delivery> {
  const { journal } = hands;
  const history = journal.records({ kinds: ['message.*'] }).filter(({ data }) => data['key'] === message.key);
  const sent = history.find(({ kind }) => kind === 'message.sent');
  if (sent !== undefined) {
    // What waits is what our own records say: it must not go on waiting here.
    if (!isOwn(sent) && history.some((one) => one.kind === 'message.queued' && isOwn(one)))
      journal.append('message.dropped', { key: message.key, channel: message.channel, why: 'another machine told it' });
    return { ...deliveryOf(sent), already: true };
  }
  const written = queued(message, history, hands);
  const failed: string[] = [];
  for (const channel of chainOf(written.channel, hands)) {
    const outcome = await through(channel, written, history, hands);
    if (typeof outcome !== 'string') return { ...outcome, failed };
    failed.push(`${channel}: ${outcome}`);
  }
  journal.append('message.undelivered', { key: written.key, channel: written.channel, failed });
  throw new LifeboatError('message.undelivered', `nobody was told: ${failed.join('; ')}`, {
    where: written.channel,
    hint: 'Tell people in another way. The same message is tried again when the step is, and by lifeboat serve.',
  });
}

const isOwn = ({ sequence }: JournalRecord): boolean => sequence > 0;

/** The words that were to be said first, if they were written down before; those of another machine are written down here too, or they would not wait. */
function queued(outgoing: Outgoing, history: readonly JournalRecord[], { journal, plan }: OutboxHands): Message {
  const before = history.filter(({ kind }) => kind === 'message.queued');
  const own = before.find(isOwn);
  if (own !== undefined) return { ...messageOf(own), plan };
  const [elsewhere] = before;
  const { onlyNow } = outgoing;
  const { key, channel, subject, body, matter } = elsewhere === undefined ? outgoing : messageOf(elsewhere);
  const words = {
    key,
    channel,
    subject: redact(subject),
    body: redact(body),
    ...(matter === undefined ? {} : { matter }),
  };
  const record = journal.append('message.queued', { ...words, ...(onlyNow === true ? { onlyNow } : {}) });
  return { ...messageOf(record), plan };
}

/** As it was written down. */
export function messageOf({ data, atMs }: JournalRecord): Omit<Message, 'plan'> {
  const of = data['matter'] as Matter | undefined;
  // In one order, whoever reads it: a message that is sent again is the same to the last byte.
  const matter = of === undefined ? undefined : { id: of.id, state: of.state, severity: of.severity };
  return {
    key: String(data['key']),
    channel: String(data['channel']),
    subject: String(data['subject']),
    body: String(data['body']),
    atMs,
    ...(matter === undefined ? {} : { matter }),
  };
}

/** The channel and those that stand in for it, each once. */
function chainOf(channel: string, { next }: OutboxHands): string[] {
  const chain: string[] = [];
  for (let one: string | undefined = channel; one !== undefined && !chain.includes(one); one = next(one))
    chain.push(one);
  return chain;
}

/** What became of it on one channel; the reason, where it was not taken. */
async function through(
  channel: string,
  message: Message,
  history: readonly JournalRecord[],
  hands: OutboxHands,
): Promise<Delivery | string> {
  const { journal, clock, signal } = hands;
  let opened: OpenChannel;
  try {
    opened = await hands.open(channel);
  } catch (error) {
    const failure = toLifeboatError(error);
    const data = { key: message.key, channel: message.channel, through: channel, attempt: 0 };
    journal.append('message.failed', { ...data, error: failure.toJSON() });
    return failure.message;
  }
  const { location } = opened.notifier;
  const base = { key: message.key, channel: message.channel, through: channel, location };
  if (isInDoubt(channel, history) && opened.twice === 'seen') {
    const data = { ...base, answer: 'it was under way when its sender ended', unsure: true };
    return deliveryOf(journal.append('message.sent', data));
  }
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    journal.append('message.attempted', { ...base, attempt });
    try {
      const { answer, notSent = false } = await inTime(message, opened.notifier, hands);
      const data = { ...base, answer: redact(answer), unsure: false, ...(notSent ? { notSent } : {}) };
      return deliveryOf(journal.append('message.sent', data));
    } catch (error) {
      const failure = toLifeboatError(error);
      journal.append('message.failed', { ...base, attempt, error: failure.toJSON() });
      const pauseMs = pauseOf(failure, attempt, hands);
      const isOver = attempt >= limits.messageAttemptsMax || pauseMs > limits.messageWaitMsMax;
      if (isOver || !mayTryAgain(failure, opened.twice)) return failure.message;
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** Twice as long each time, a quarter more or less; as long as the other side asks for, where it does. */
function pauseOf({ retryAfterMs = 0 }: LifeboatError, attempt: number, { random = Math.random }: OutboxHands): number {
  const usualMs = limits.messageRetryMs * 2 ** (attempt - 1) * (0.75 + random() / 2);
  return Math.max(usualMs, retryAfterMs);
}

/** The last that is known of it there is that it was about to be sent, or that nothing was answered. */
function isInDoubt(channel: string, history: readonly JournalRecord[]): boolean {
  const last = history.findLast(({ data }) => data['through'] === channel);
  const error = last?.data['error'] as { code?: unknown } | undefined;
  return last?.kind === 'message.attempted' || error?.code === 'channel.silent';
}

/** What was not answered may have arrived: only those who know a message again are sent it again. */
const mayTryAgain = ({ code }: LifeboatError, twice: NotifierKind['twice']): boolean =>
  code === 'channel.unreachable' || (code === 'channel.silent' && twice === 'recognised');

async function inTime(message: Message, notifier: Notifier, hands: OutboxHands): Promise<Sent> {
  const late = new AbortController();
  const over = new AbortController();
  hands.clock.sleep(limits.messageMs, over.signal).then(
    () => late.abort(),
    () => {}, // it was answered before
  );
  try {
    return await notifier.send(message, AbortSignal.any([late.signal, hands.signal]));
  } catch (error) {
    // What was never connected to has nothing, however long it was waited for.
    if (!late.signal.aborted || isLifeboatError(error, 'channel.unreachable')) throw error;
    throw new LifeboatError('channel.silent', `${notifier.location} did not answer in ${limits.messageMs / 1000} s`, {
      cause: error,
    });
  } finally {
    over.abort();
  }
}

const deliveryOf = ({ data }: JournalRecord): Delivery => ({
  through: String(data['through']),
  location: String(data['location']),
  answer: String(data['answer']),
  already: false,
  unsure: data['unsure'] === true,
  failed: [],
});

/** A message as text for people. */
export const textOfMessage = ({ subject, body }: Pick<Message, 'subject' | 'body'>): string =>
  [subject, body].filter((part) => part !== '').join('\n');

/** As it is written down outside: the moment in a form that every reader knows. */
export const writtenAt = ({ atMs }: Message): string => isoTime(atMs);
