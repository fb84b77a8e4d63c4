import { damaged, incomplete } from '../damage.ts';
import type { PackReader, ReadOptions } from './pack-reader.ts';
import { readAhead } from '../tasks.ts';

/** A stretch of a file, or of an entry list, and the chunk that holds it. What no piece covers is zeros. */
export interface Piece {
  readonly offset: number;
  readonly bytes: number;
  readonly id: Buffer;
  /** Where in the chunk it begins; without it the piece is the whole chunk. Small files share chunks. */
  readonly from?: number;
  /** The id that the whole fixed piece would have whose first part this is, where it is made of several. */
  readonly whole?: Buffer;
}

/** What is read at once, and how many such groups ahead of the one in use: as many requests hide the latency of a store, for a few megabytes. */
const groupBytesMax = 2 * 2 ** 20;
const groupsAhead = 3;

/**
 * The bytes of pieces in their order, the next ones read ahead. A piece that is a whole chunk has memory of its own, which may be given
 * back (`free`) however often its chunk comes. Throws `repository.damaged`, `repository.incomplete`.
 */
export async function* readPieces(
  reader: PackReader,
  pieces: Iterable<Piece>,
  neededBy: string,
  options: ReadOptions = {},
): AsyncGenerator<{ piece: Piece; plain: Buffer }> {
  for await (const group of readAhead(groupsOf(reader, pieces, neededBy), groupsAhead, (some) =>
    readGroup(reader, some, options),
  )) {
    yield* group;
  }
}

/** The location of a piece's chunk. Throws `repository.incomplete`, naming what needs it. */
export async function locatePiece(reader: PackReader, piece: Piece, neededBy: string): Promise<number> {
  const ordinal = await reader.locate(piece.id);
  if (ordinal < 0) throw incomplete(neededBy, `it needs the chunk ${piece.id.toString('hex')}, which no pack holds`);
  return ordinal;
}

/** Whether a chunk of so many bytes has those of the piece. */
export const fits = ({ bytes, from }: Pick<Piece, 'bytes' | 'from'>, chunkBytes: number): boolean =>
  from === undefined ? bytes === chunkBytes : from + bytes <= chunkBytes;

/** Throws `repository.damaged`, naming what needs the piece, if its chunk does not have these bytes. */
export function requireFitting(piece: Piece, chunkBytes: number, neededBy: string): void {
  if (fits(piece, chunkBytes)) return;
  const which = piece.from === undefined ? '' : ` from ${piece.from} on`;
  throw damaged(neededBy, `a piece of ${piece.bytes} bytes${which} names a chunk of ${chunkBytes}`);
}

interface Located {
  readonly piece: Piece;
  readonly ordinal: number;
}

/** Neighbours are read together, each chunk of them once, however many pieces stand in it. */
async function* groupsOf(reader: PackReader, pieces: Iterable<Piece>, neededBy: string): AsyncGenerator<Located[]> {
  let group: Located[] = [];
  const chunks = new Set<number>();
  let bytes = 0;
  for (const piece of pieces) {
    const ordinal = await locatePiece(reader, piece, neededBy);
    const { plainBytes } = reader.catalog.table.placeOf(ordinal);
    requireFitting(piece, plainBytes, neededBy);
    if (!chunks.has(ordinal) && group.length > 0 && bytes + plainBytes > groupBytesMax) {
      yield group;
      group = [];
      chunks.clear();
      bytes = 0;
    }
    if (!chunks.has(ordinal)) bytes += plainBytes;
    chunks.add(ordinal);
    group.push({ piece, ordinal });
  }
  if (group.length > 0) yield group;
}

async function readGroup(
  reader: PackReader,
  group: readonly Located[],
  options: ReadOptions,
): Promise<Iterable<{ piece: Piece; plain: Buffer }>> {
  const found = new Map<number, Buffer>();
  const failed = new Map<number, Error>();
  const ordinals = new Set(group.map(({ ordinal }) => ordinal));
  const byPack = Map.groupBy(ordinals, (ordinal) => reader.catalog.table.packOf(ordinal));
  for (const [pack, some] of byPack) {
    await reader.chunks(
      pack,
      some,
      async (ordinal, plain) => void found.set(ordinal, plain),
      (ordinal, error) => void failed.set(ordinal, error),
      options,
    );
  }
  for (const [ordinal, error] of failed) {
    found.set(ordinal, await reader.elsewhere(reader.catalog.table.idOf(ordinal), ordinal, error, options));
  }
  return piecesIn(group, found);
}

/** The last piece that is a chunk gets its memory, each before it a copy when its turn comes: a file may be one chunk a thousand times. */
function* piecesIn(
  group: readonly Located[],
  found: ReadonlyMap<number, Buffer>,
): Generator<{ piece: Piece; plain: Buffer }> {
  const last = new Map(group.map(({ ordinal }, at) => [ordinal, at]));
  for (const [at, { piece, ordinal }] of group.entries()) {
    const chunk = found.get(ordinal) as Buffer;
    const { from, bytes } = piece;
    if (from !== undefined) yield { piece, plain: chunk.subarray(from, from + bytes) };
    else yield { piece, plain: last.get(ordinal) === at ? chunk : Buffer.from(chunk) };
  }
}
