/** Writes dumps of the custom format for tests, in any version of it: an oracle that shares nothing with the reader. */
export interface BuiltEntry {
  readonly id: number;
  readonly oid: number;
  readonly kind: string;
  readonly name: string;
  readonly definition?: string;
  /** Rows of a table, each without its line break; or the pieces of large objects by their number. */
  readonly rows?: readonly string[];
  readonly objects?: readonly { readonly oid: number; readonly bytes: Uint8Array }[];
}

export interface BuiltArchive {
  readonly bytes: Buffer;
  /** Where the data of each entry begins, and where the first of the data does. */
  readonly dataAt: ReadonlyMap<number, number>;
  readonly tocEnd: number;
}

export function buildArchive(entries: readonly BuiltEntry[], minor: number, chunkBytes: number): BuiltArchive {
  const head = Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, minor, 0, 4, 8, 1]),
    minor >= 15 ? Buffer.from([0]) : int(0),
    ...[12, 30, 8, 21, 10, 126, 0].map(int),
    ...['shop', '15.18', '15.18'].map(text),
  ]);
  const toc = Buffer.concat([head, int(entries.length), ...entries.map((entry) => tocEntry(entry, minor))]);
  const parts: Uint8Array[] = [toc];
  const dataAt = new Map<number, number>();
  let offset = toc.length;
  for (const entry of entries) {
    const block = blockOf(entry, chunkBytes);
    if (block === undefined) continue;
    dataAt.set(entry.id, offset);
    parts.push(block);
    offset += block.length;
  }
  return { bytes: Buffer.concat(parts), dataAt, tocEnd: toc.length };
}

const hasData = ({ rows, objects }: BuiltEntry): boolean => rows !== undefined || objects !== undefined;

const tocEntry = (entry: BuiltEntry, minor: number): Buffer =>
  Buffer.concat([
    int(entry.id),
    int(hasData(entry) ? 1 : 0),
    text('1259'),
    text(String(entry.oid)),
    text(entry.name),
    text(entry.kind),
    int(3),
    text(entry.definition ?? ''),
    text(''),
    text(`COPY ${entry.name} FROM stdin;\n`),
    text('public'),
    text(undefined),
    text('heap'),
    ...(minor >= 16 ? [int(114)] : []),
    text('shop'),
    text('false'),
    text('1'),
    text('2'),
    text(undefined),
    Buffer.from([hasData(entry) ? 1 : 3]),
    Buffer.alloc(8),
  ]);

function blockOf(entry: BuiltEntry, chunkBytes: number): Buffer | undefined {
  if (entry.rows !== undefined) {
    const data = Buffer.from([...entry.rows.map((row) => `${row}\n`), '\\.\n\n\n'].join(''));
    return Buffer.concat([Buffer.from([1]), int(entry.id), chunked(data, chunkBytes)]);
  }
  if (entry.objects === undefined) return undefined;
  const objects = entry.objects.map(({ oid, bytes }) => Buffer.concat([int(oid), chunked(bytes, chunkBytes)]));
  return Buffer.concat([Buffer.from([3]), int(entry.id), ...objects, int(0)]);
}

function chunked(data: Uint8Array, chunkBytes: number): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += chunkBytes) {
    const piece = data.subarray(at, at + chunkBytes);
    parts.push(int(piece.length), piece);
  }
  return Buffer.concat([...parts, int(0)]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

const text = (value: string | undefined): Buffer =>
  value === undefined ? int(-1) : Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);
