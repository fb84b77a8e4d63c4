import { mkdir } from 'node:fs/promises';
import { filtered, LifeboatError, plainEnvironment } from '../core/index.ts';
import type { WorkOptions } from './asset.ts';
import type { KeptStream } from './outside.ts';

/** An archive ends with two blocks of zeros; tar itself takes one that ends between two members for whole. */
const endBytes = 1024;

/** Whether a copy is an archive of tar, by its name once it is unpacked. */
export const isTar = ({ name }: { readonly name: string }): boolean => name.endsWith('.tar');

/**
 * Unpacks an archive below a folder that does not exist yet: owners, rights, times and links as they were. Names that lead out of it are refused.
 * Throws `asset.corrupt` for an archive that is not whole, `process.missing` without tar.
 */
export async function extractTar(content: KeptStream, folder: string, options: WorkOptions = {}): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const words = ['--extract', '--directory', folder, '--preserve-permissions', '--numeric-owner'];
  for await (const _ of throughTar(content, words, options)); // it says nothing
}

/** Reads an archive to its end; hands on the name of each member and gives their number. Throws as `extractTar`. */
export async function listTar(
  content: KeptStream,
  take: (name: string) => void,
  options: WorkOptions = {},
): Promise<number> {
  let members = 0;
  let rest = '';
  for await (const piece of throughTar(content, ['--list', '--quoting-style=literal'], options)) {
    const lines = (rest + Buffer.from(piece).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    members += lines.length;
    for (const line of lines) take(Buffer.from(line, 'latin1').toString('utf8'));
  }
  if (members === 0) throw notWhole(content, 'it holds nothing');
  return members;
}

async function* throughTar(
  content: KeptStream,
  words: readonly string[],
  options: WorkOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const end = new LastBytes(content.read());
  // With zeros ignored it reads on to the end of the stream, where damage of what it is packed in may show.
  const argv = ['tar', ...words, '--ignore-zeros', '--file', '-'] as [string, ...string[]];
  yield* filtered(argv, end.parts(), { env: plainEnvironment(), ...options });
  if (!end.areZeros()) throw notWhole(content, 'its end is missing');
}

/** Hands on a stream and keeps its last bytes. */
class LastBytes {
  readonly #parts: AsyncIterable<Uint8Array>;
  #last: Buffer = Buffer.alloc(0);

  constructor(parts: AsyncIterable<Uint8Array>) {
    this.#parts = parts;
  }

  async *parts(): AsyncGenerator<Uint8Array, void, void> {
    for await (const part of this.#parts) {
      this.#last = Buffer.concat([this.#last, part.subarray(-endBytes)]).subarray(-endBytes);
      yield part;
    }
  }

  areZeros(): boolean {
    return this.#last.length === endBytes && this.#last.every((byte) => byte === 0);
  }
}

const notWhole = ({ name }: KeptStream, why: string): LifeboatError =>
  new LifeboatError('asset.corrupt', `the archive ${name} is not whole: ${why}`, {
    where: name,
    hint: 'Was it cut while it was written or copied? Use an earlier copy, and look at what makes them.',
  });
