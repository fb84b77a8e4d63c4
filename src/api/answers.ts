import { createHash, randomBytes } from 'node:crypto';
import { limits } from '../core/index.ts';

/**
 * Answers as text, as long as what they tell is the same: who asks again for what they have is told so in a line, and what several ask for is written
 * once. Bounded; the one that nobody asked for longest goes first.
 */
export class Answers {
  /** No tag of a server that ran before means anything to this one. */
  readonly #own = randomBytes(16).toString('hex');
  readonly #texts = new Map<string, string>();
  #characters = 0;

  /** Names an answer by all that it depends on: what was asked, by whom, and how what it tells stands. */
  tagOf(...parts: readonly string[]): string {
    const text = JSON.stringify([this.#own, ...parts]);
    return `"${createHash('sha256').update(text).digest('base64url').slice(0, 32)}"`;
  }

  find(tag: string): string | undefined {
    const text = this.#texts.get(tag);
    if (text === undefined) return undefined;
    this.#texts.delete(tag);
    this.#texts.set(tag, text);
    return text;
  }

  keep(tag: string, text: string): void {
    if (this.#texts.has(tag) || text.length > limits.answerKeptCharactersMax) return;
    this.#texts.set(tag, text);
    this.#characters += text.length;
    for (const [oldest, { length }] of this.#texts) {
      if (this.#characters <= limits.answersKeptCharacters) break;
      this.#texts.delete(oldest);
      this.#characters -= length;
    }
  }
}
