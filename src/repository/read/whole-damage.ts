import { createHash } from 'node:crypto';
import type { PackRecord } from '../format/pack-format.ts';
import { hashBytes } from '../format/seal.ts';

/** Looks at a pack as a whole, by its size and hash, while it comes piece after piece. */
export class WholePack {
  readonly #record: PackRecord;
  readonly #hash = createHash('sha256');
  readonly #end: Buffer[] = [];
  #bytes = 0;

  constructor(record: PackRecord) {
    this.#record = record;
  }

  /** Here and now: Node's asynchronous digest first copies all of it, which takes longer than a thread of its own saves. */
  take(bytes: Uint8Array): void {
    const hashed = Math.min(Math.max(this.#record.bytes - hashBytes - this.#bytes, 0), bytes.length);
    this.#hash.update(bytes.subarray(0, hashed));
    if (hashed < bytes.length) this.#end.push(Buffer.from(bytes.subarray(hashed)));
    this.#bytes += bytes.length;
  }

  /** What is wrong with it, when all of it was taken. */
  damage(): string | undefined {
    const { bytes, sha256 } = this.#record;
    if (this.#bytes === 0) return 'the object is empty';
    if (this.#bytes > bytes) return `the object is longer than ${bytes} bytes`;
    if (this.#bytes < bytes) return `the object is ${this.#bytes} bytes long, its index says ${bytes} bytes`;
    const hash = this.#hash.digest();
    if (hash.equals(sha256) && hash.equals(Buffer.concat(this.#end))) return undefined;
    return `the hash at its end does not match its ${bytes} bytes`;
  }
}

/** What is wrong with a pack as a whole. */
export function wholeDamage(record: PackRecord, bytes: Uint8Array): string | undefined {
  const whole = new WholePack(record);
  whole.take(bytes);
  return whole.damage();
}
