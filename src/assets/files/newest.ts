import { createHash } from 'node:crypto';
import type { Newest } from '../asset.ts';
import type { Found } from './walk.ts';

const textMax = 64 * 2 ** 10;

/** How far the data of a tree goes, gathered while it is walked. */
export class NewestFile {
  readonly #hash = createHash('sha256');
  /** What is not hashed yet: a call for each file would cost more than the hashing. */
  #text = '';
  #newestNs = 0n;
  #count = 0;

  add({ header, bytes }: Found): void {
    const { type } = header;
    if (type === 'folder') return;
    const isFile = type === 'file' || type === 'hardlink';
    // JSON, because a name may hold any character that could part it from its neighbours.
    // Microseconds: where Node alone sets times they are no finer, and a restored file would differ from its source.
    const time = isFile ? String(header.modifiedNs / 1000n) : '';
    this.#text += JSON.stringify([header.path, header.target ?? null, bytes, time]);
    if (this.#text.length > textMax) this.#flush();
    if (!isFile) return;
    this.#count += 1;
    if (header.modifiedNs > this.#newestNs) this.#newestNs = header.modifiedNs;
  }

  answer(): Newest {
    this.#flush();
    const atMs = this.#count === 0 ? {} : { atMs: Number(this.#newestNs / 1_000_000n) };
    return { token: this.#hash.digest('hex'), count: this.#count, ...atMs };
  }

  #flush(): void {
    this.#hash.update(this.#text);
    this.#text = '';
  }
}
