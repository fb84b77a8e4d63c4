import type { Piece } from '../read/pieces.ts';

/** A piece whose chunk is still being hashed. */
export interface ComingPiece {
  readonly offset: number;
  readonly bytes: number;
  readonly id: Promise<Buffer>;
  /** As in `Piece`. */
  readonly from?: number;
  /** As in `Piece`. */
  readonly whole?: Buffer;
}

/** Most files are one piece: more promises than they need would cost as much as the rest of their line. */
export const settled = (pieces: readonly ComingPiece[]): Promise<Piece[]> => {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first.id.then((id) => [pieceOf(first, id)]);
  return Promise.all(pieces.map(async (piece) => pieceOf(piece, await piece.id)));
};

const pieceOf = ({ offset, bytes, from, whole }: ComingPiece, id: Buffer): Piece => ({
  offset,
  bytes,
  id,
  ...(from === undefined ? {} : { from }),
  ...(whole === undefined ? {} : { whole }),
});
