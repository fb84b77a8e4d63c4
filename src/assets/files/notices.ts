import { limits, shownName } from '../../core/index.ts';
import type { Noticed } from './walk.ts';

/** What a point says about single paths: the first ones as sentences, the rest as a number. */
export class Notices {
  readonly #sentences: string[] = [];
  readonly #first: Noticed[] = [];
  #count = 0;

  add(noticed: Noticed): void {
    this.#count += 1;
    if (this.#first.length < limits.fileWarningsMax) this.#first.push(noticed);
  }

  addSentence(sentence: string): void {
    this.#sentences.push(sentence);
  }

  sentences(): string[] {
    const told = this.#first.map(({ path, what }) => `${shownName(path)} ${what}`);
    const more = this.#count - told.length;
    return [...this.#sentences, ...told, ...(more === 0 ? [] : [`as much could be said of ${more} more`])];
  }
}
