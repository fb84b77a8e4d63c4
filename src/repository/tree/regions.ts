import { limits } from '../../core/index.ts';
import type { Piece } from '../read/pieces.ts';
import type { TargetFile } from './open-files.ts';

export interface RegionPart {
  readonly ordinal: number;
  readonly piece: Piece;
}

/** Neighbouring pieces of one file, to be written by one thread. */
export interface Region {
  readonly file: TargetFile;
  readonly parts: RegionPart[];
}

/**
 * Files in stretches that end alike, in the order of files and offsets. Who writes a file from its beginning to its end writes it
 * fastest, and two threads that write to one file wait for each other.
 */
export function regionsOf(files: ReadonlyMap<TargetFile, readonly RegionPart[]>): Region[] {
  const regions: Region[] = [];
  for (const [file, parts] of files) {
    let region: Region | undefined;
    let bytes = 0;
    for (const part of parts.toSorted((a, b) => a.piece.offset - b.piece.offset)) {
      const isFar = part.piece.offset - (region?.parts[0]?.piece.offset ?? 0) > limits.openTaskSpanMax;
      if (region === undefined || isFar || bytes + part.piece.bytes > limits.openTaskBytesMax) {
        region = { file, parts: [] };
        regions.push(region);
        bytes = 0;
      }
      region.parts.push(part);
      bytes += part.piece.bytes;
    }
  }
  return regions;
}
