import { timingSafeEqual } from 'node:crypto';
import { chance } from '../../core/index.ts';
import { hashOf } from './accounts.ts';

/** What `serve` says on its terminal while there is no account: whoever can read that may make the first admin. 100 bits, once. */
export class SetUpCode {
  #hash: string | undefined;

  /** `k3f7a-…`; an earlier one is worth nothing from then on. */
  make(): string {
    const text = chance(20);
    this.#hash = hashOf(text);
    return text.match(/.{5}/g)?.join('-') ?? text;
  }

  isRight(given: string): boolean {
    if (this.#hash === undefined) return false;
    const text = given.toLowerCase().replaceAll(/[\s-]/g, '');
    return timingSafeEqual(Buffer.from(hashOf(text)), Buffer.from(this.#hash));
  }

  forget(): void {
    this.#hash = undefined;
  }
}
