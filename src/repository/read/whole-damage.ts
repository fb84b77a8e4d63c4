import type { PackRecord } from '../format/pack-format.ts';
import { hashBytes, sha256 } from '../format/seal.ts';

/** What is wrong with a pack as a whole, by its size and hash. */
export function wholeDamage(record: PackRecord, bytes: Buffer): string | undefined {
  if (bytes.length === 0) return 'the object is empty';
  if (bytes.length !== record.bytes) {
    return `the object is ${bytes.length > record.bytes ? 'longer than' : `${bytes.length} bytes long, its index says`} ${record.bytes} bytes`;
  }
  // Here and now: Node's asynchronous digest first copies all of a pack, which takes longer than a thread of its own saves.
  const hash = sha256(bytes.subarray(0, -hashBytes));
  if (hash.equals(record.sha256) && hash.equals(bytes.subarray(-hashBytes))) return undefined;
  return `the hash at its end does not match its ${bytes.length} bytes`;
}
