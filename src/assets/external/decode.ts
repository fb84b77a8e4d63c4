import { createGunzip, createZstdDecompress } from 'node:zlib';
import { Readable } from 'node:stream';
import { filtered, LifeboatError, messageOf } from '../../core/index.ts';

/** Commands that a copy passes through, in order: decryption first, as a rule. Each reads its input and writes its output. */
export type Decoders = readonly (readonly [string, ...string[]])[];

export interface Decoded {
  /** The name without what was taken off: `orders.sql` of `orders.sql.gz.age`. */
  readonly name: string;
  readonly parts: AsyncIterable<Uint8Array>;
}

/**
 * What a copy holds once it is decrypted by the plan's commands and unpacked by its endings (`.gz`, `.zst`, `.xz`, `.bz2`). Endings that
 * only name an encryption are dropped. Throws, while it is read, `asset.corrupt` for a packed stream that is cut or damaged and `process.failed`.
 */
export function decoded(
  name: string,
  parts: AsyncIterable<Uint8Array>,
  decoders: Decoders,
  signal?: AbortSignal,
): Decoded {
  const options = signal === undefined ? {} : { signal };
  let plain = parts;
  for (const argv of decoders) plain = filtered(argv, plain, options);
  let short = decoders.length === 0 ? name : name.replace(/\.(age|gpg|pgp|enc|asc)$/i, '');
  for (;;) {
    const ending = /\.(gz|zst|xz|bz2)$/i.exec(short)?.[1]?.toLowerCase();
    if (ending === undefined) return { name: short, parts: plain };
    plain = unpacked(ending, name, plain, options);
    short = short.slice(0, -ending.length - 1);
  }
}

async function* unpacked(
  ending: string,
  name: string,
  parts: AsyncIterable<Uint8Array>,
  options: { signal?: AbortSignal },
): AsyncGenerator<Uint8Array, void, void> {
  if (ending === 'xz' || ending === 'bz2')
    return yield* filtered(ending === 'xz' ? ['xz', '-dc'] : ['bzip2', '-dc'], parts, options);
  const packed = Readable.from(parts, { objectMode: false });
  const plain = ending === 'gz' ? createGunzip() : createZstdDecompress();
  packed.on('error', (error) => plain.destroy(error));
  try {
    yield* packed.pipe(plain) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    throw new LifeboatError('asset.corrupt', `${name} is not a whole .${ending} file: ${messageOf(error)}`, {
      where: name,
      hint: 'Was it cut while it was written or copied? Use an earlier copy, and look at what makes them.',
      cause: error,
    });
  } finally {
    packed.destroy();
    plain.destroy();
  }
}
