const segmentWhat = { chunk: 1, trailer: 2, document: 3 } as const;

/** What a segment is and where it stands: bound to its bytes as associated data, its number as the nonce. docs/FORMAT.md, "Sealed objects". */
export interface Segment {
  readonly what: keyof typeof segmentWhat;
  readonly number: number;
  readonly last: boolean;
  /** The chunk's id; 32 zero bytes for anything else. */
  readonly chunkId?: Uint8Array;
}

/** For who takes a copy of them in the same turn: thousands a second, which the garbage collector would otherwise have to find. */
export const keptNonce = Buffer.alloc(12);
export const keptData = Buffer.alloc(40);

/** Of 12 bytes; written into `nonce`, whose other bytes are zero. */
export function nonceOf(segment: Segment, nonce = Buffer.alloc(12)): Buffer {
  nonce.writeUInt32BE(segment.number, 8);
  return nonce;
}

/** Of 40 bytes, all of which are written. `kind`: the number of the object's kind. */
export function associatedData(kind: number, segment: Segment, data = Buffer.alloc(40)): Buffer {
  data[0] = kind;
  data[1] = segmentWhat[segment.what];
  data[2] = segment.last ? 1 : 0;
  data[3] = 0;
  data.writeUInt32BE(segment.number, 4);
  if (segment.chunkId === undefined) data.fill(0, 8);
  else data.set(segment.chunkId, 8);
  return data;
}
