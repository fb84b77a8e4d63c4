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

export const settled = (pieces: readonly ComingPiece[]): Promise<Piece[]> =>
  Promise.all(
    pieces.map(async ({ offset, bytes, id, from, whole }) => ({
      offset,
      bytes,
      id: await id,
      ...(from === undefined ? {} : { from }),
      ...(whole === undefined ? {} : { whole }),
    })),
  );
