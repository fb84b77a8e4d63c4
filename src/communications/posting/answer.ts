import { LifeboatError, redact, type Clock } from '../../core/index.ts';
import type { Answer } from './post.ts';

/** So much of what a receiver says is kept: its first line says why. */
const answerCharactersMax = 200;

/** What was answered, in short; throws `channel.unreachable` or `channel.refused` where it is a no. */
export function taken(answer: Answer, url: URL, clock: Clock): { answer: string } {
  const { status } = answer;
  const text = shortened(answer.text);
  const said = text === '' ? '' : `: ${text}`;
  if (status >= 200 && status < 300) return { answer: `${status}${said}` };
  const words = `${url.origin} answers ${status}${status >= 300 && status < 400 ? ', which leads to somebody else' : said}`;
  // What is full, or broken for a moment, may take it a little later; what says no goes on saying it.
  const later = status === 408 || status === 425 || status === 429 || status >= 500;
  if (!later) throw refused(words);
  throw new LifeboatError('channel.unreachable', words, waitOf(answer, clock));
}

export const refused = (words: string): LifeboatError =>
  new LifeboatError('channel.refused', words, { hint: 'Look at the address and the secret of this channel.' });

/** Some repeat what they were sent: a token, a password. */
export const shortened = (text: string): string => redact(text).trim().slice(0, answerCharactersMax);

/** At most so many characters, and none of them cut in two: half of one is refused by some, with all that is around it. */
export const cutTo = (text: string, charactersMax: number): string =>
  (text.length <= charactersMax
    ? text
    : `${text.slice(0, charactersMax - 1).replace(/[\ud800-\udbff]$/, '')}…`
  ).toWellFormed();

/** `Retry-After`, in seconds or as a date. */
export function waitOf({ retryAfter }: Answer, clock: Clock): { retryAfterMs?: number } {
  if (retryAfter === undefined) return {};
  const ms = /^\d{1,7}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - clock.now();
  return Number.isFinite(ms) ? { retryAfterMs: Math.max(0, ms) } : {};
}

/** An answer that ought to be an object; what is not is told as a text. */
export function objectOf({ text }: Answer): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {}; // its status decides, and its text is shown
  }
}
