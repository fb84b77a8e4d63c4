import { isLifeboatError, limits } from '../../../core/index.ts';
import { piecesInLine } from '../../format/entry-list.ts';
import type { Piece } from '../../read/pieces.ts';

/** A fixed piece of a file that is to be stored, and what the point before has there. */
export interface Region {
  readonly offset: number;
  readonly bytes: number;
  /** In order, inside the region; what none covers was zeros. Undefined if nobody knows. */
  readonly old: readonly Piece[] | undefined;
}

/** The regions of a file of so many bytes. `lines`: of the point before, the file's own; they are decoded bit by bit. */
export function* regionsOf(lines: readonly string[], bytes: number): Generator<Region> {
  const pieces = piecesOf(lines);
  const oldBytes = bytesIn(lines[0] ?? '');
  let next = pieces.next();
  let broken = false;
  for (let offset = 0; offset < bytes; offset += limits.fixedChunkBytes) {
    const end = offset + limits.fixedChunkBytes;
    const old: Piece[] = [];
    for (let at = offset; next.done !== true && next.value.offset < end; next = pieces.next()) {
      // Pieces in disorder, or larger ones of an earlier way of cutting.
      if (next.value.offset < at || next.value.offset + next.value.bytes > end) broken = true;
      at = next.value.offset + next.value.bytes;
      old.push(next.value);
    }
    broken ||= next.done === true && next.value === 'broken';
    yield {
      offset,
      bytes: Math.min(limits.fixedChunkBytes, bytes - offset),
      old: broken || offset >= oldBytes ? undefined : old,
    };
  }
}

function* piecesOf(lines: readonly string[]): Generator<Piece, 'whole' | 'broken'> {
  for (const line of lines) {
    let pieces: Piece[];
    try {
      pieces = piecesInLine(line, 'the point before');
    } catch (error) {
      // The point before is a convenience: what nobody knows of it is stored anew.
      if (!isLifeboatError(error)) throw error;
      return 'broken';
    }
    yield* pieces;
  }
  return 'whole';
}

/** The size of the file in the beginning of its first line; 0 if it tells none. */
const bytesIn = (line: string): number => Number(/,"bytes":(\d{1,15})[,}]/.exec(line)?.[1] ?? 0);
