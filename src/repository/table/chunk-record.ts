/** Where a chunk stands. `pack` is a number that the catalog gave to the pack. */
export interface ChunkPlace {
  readonly pack: number;
  /** Its segment number inside the pack. */
  readonly number: number;
  readonly offset: number;
  readonly sealedBytes: number;
  readonly plainBytes: number;
}

/** A chunk as words of this machine: its id, then its place. */
export const recordWords = 13;
export const recordBytes = recordWords * 4;
const placeAt = 8;

export function putPlace(words: Uint32Array, row: number, place: ChunkPlace): void {
  const at = row * recordWords + placeAt;
  words[at] = place.pack;
  words[at + 1] = place.number;
  words[at + 2] = place.offset;
  words[at + 3] = place.sealedBytes;
  words[at + 4] = place.plainBytes;
}

export function placeIn(words: Uint32Array, row: number): ChunkPlace {
  const at = row * recordWords + placeAt;
  return {
    pack: words[at] as number,
    number: words[at + 1] as number,
    offset: words[at + 2] as number,
    sealedBytes: words[at + 3] as number,
    plainBytes: words[at + 4] as number,
  };
}

export const packIn = (words: Uint32Array, row: number): number => words[row * recordWords + placeAt] as number;

/** An id is a keyed hash: any four of its bytes are as random as a hash of it. */
export const keyOf = (id: Uint8Array): number =>
  (((id[0] as number) << 24) | ((id[1] as number) << 16) | ((id[2] as number) << 8) | (id[3] as number)) >>> 0;
