import { limits, messageOf } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, damageFrom, isDamage } from '../damage.ts';
import { copyOf, objectOfName } from '../names.ts';
import type { Damage } from '../repository.ts';
import { sha256 } from './seal.ts';

/** docs/FORMAT.md, "Objects in plain text": one line of JSON, one line with the SHA-256 of the first in hex. */
export function encodePlain(value: unknown): Buffer {
  const line = Buffer.from(`${JSON.stringify(value)}\n`);
  return Buffer.concat([line, Buffer.from(`${sha256(line).toString('hex')}\n`)]);
}

/** Throws `repository.damaged`. */
export function decodePlain(bytes: Buffer, name: string): unknown {
  const end = bytes.indexOf(0x0a) + 1;
  if (bytes.length === 0) throw damaged(name, 'the object is empty');
  if (end === 0) throw damaged(name, 'the object ends before its first line does');
  const expected = `${sha256(bytes.subarray(0, end)).toString('hex')}\n`;
  if (bytes.subarray(end).toString('latin1') !== expected)
    throw damaged(name, 'the hash in its second line does not match the first');
  try {
    return JSON.parse(bytes.subarray(0, end).toString('utf8'));
  } catch (error) {
    throw damaged(name, `its first line is not JSON: ${messageOf(error)}`, error);
  }
}

export interface Twin<T> {
  readonly name: string;
  readonly value: T;
}

/**
 * What is kept twice: every copy that is whole, the first one first, and the damage of the others.
 * Throws only what the store throws when neither can be asked for.
 */
export async function readTwins<T>(
  store: Store,
  name: string,
  decode: (bytes: Buffer, name: string) => T,
): Promise<{ whole: Twin<T>[]; damage: Damage[] }> {
  const results = await Promise.all([readTwin(store, name, decode), readTwin(store, copyOf(name), decode)]);
  const whole = results.flatMap((result) => ('value' in result ? [result] : []));
  const damage = results.flatMap((result) => ('damage' in result ? [result.damage] : []));
  return { whole, damage };
}

async function readTwin<T>(
  store: Store,
  name: string,
  decode: (bytes: Buffer, name: string) => T,
): Promise<Twin<T> | { damage: Damage }> {
  try {
    const bytes = await store.get(name, { range: { offset: 0, length: limits.headerBytesMax + 1 } });
    if (bytes.length > limits.headerBytesMax) throw damaged(name, 'the object is longer than any of its kind');
    return { name, value: decode(bytes, name) };
  } catch (error) {
    // A sector that cannot be read counts as damage, too: that is what the copy is for.
    if (!isDamage(error)) throw error;
    return { damage: damageFrom(error, name, objectOfName(name).kind) };
  }
}
