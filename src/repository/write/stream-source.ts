import type { Content } from '../../assets/index.ts';
import { assert, free, limits } from '../../core/index.ts';
import type { PlainChunk } from './chunk-sink.ts';
import type { Chunker } from './chunker.ts';

export type StreamPiece = PlainChunk & { readonly offset: number };

/** Reads a stream to its end and hands its pieces to `take`, in order; returns how many bytes it had. Throws what the stream throws. */
export async function readStreamContent(
  content: Content & { kind: 'stream' },
  chunkerFor: () => Chunker,
  take: (piece: StreamPiece) => Promise<void>,
): Promise<number> {
  if (content.pieces !== undefined) return takeOwn(content.pieces, take);
  const chunker = chunkerFor();
  let bytes = 0;
  for await (const part of content.read()) {
    bytes += part.length;
    for (const piece of chunker.push(part)) await take(piece);
  }
  for (const piece of chunker.finish()) await take(piece);
  return bytes;
}

async function takeOwn(
  pieces: () => AsyncIterable<Buffer>,
  take: (piece: StreamPiece) => Promise<void>,
): Promise<number> {
  let offset = 0;
  for await (const plain of pieces()) {
    // A thread that is given the memory leaves none here.
    const bytes = plain.length;
    assert(offset % limits.fixedChunkBytes === 0 && bytes <= limits.fixedChunkBytes, 'pieces as they are stored');
    await take({ offset, plain, release: () => free(plain), own: true });
    offset += bytes;
  }
  return offset;
}
