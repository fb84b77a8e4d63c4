import type { StoredEntry } from '../../assets/index.ts';
import { assert, LifeboatError } from '../../core/index.ts';
import type { ListedEntry } from '../format/entry-list.ts';
import type { Piece } from '../read/pieces.ts';
import { PathTable } from './path-table.ts';

/** What a stretch of a file is: where it stands, how long it is, and which bytes of which chunk it is. */
const rowBytes = 6 + 6 + 6 + 32;

export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** How long a file is, and when it was changed; its rows, in the order of offsets, stand behind that. */
const headBytes = 8 + 8;

/** What stands in a tree, as a point says that was just taken of it. */
export class KnownTree {
  readonly #files = new PathTable();
  /** The file that was asked for last. */
  #last: { readonly path: string; readonly file: Buffer | undefined } | undefined;

  /** To be closed. Throws `asset.changing` for a file that changed while it was read: then nobody knows what stands there. */
  static async of(listed: AsyncIterable<ListedEntry>): Promise<KnownTree> {
    const known = new KnownTree();
    try {
      for await (const { entry, pieces } of listed) {
        if (entry.torn === true) throw changing(entry.path);
        if (entry.type === 'file') known.#files.put(entry.path, fileOf(entry, pieces));
      }
      return known;
    } catch (error) {
      known.close();
      throw error;
    }
  }

  /** Whether the file that stands there now is the one that was read. */
  has(path: string, now: { readonly bytes: number; readonly modifiedNs: bigint }): boolean {
    const file = this.#file(path);
    return (
      file !== undefined &&
      file.readBigUInt64BE(0) === BigInt(now.bytes) &&
      file.readBigUInt64BE(8) === timeOf(now.modifiedNs)
    );
  }

  /** What of the pieces is not there yet: where other bytes of its chunk stand already, the rest of it. */
  lacking(path: string, pieces: readonly Piece[]): Piece[] {
    const rows = this.#rowsOf(path);
    let at = 0;
    return inOrder(pieces).flatMap((piece) => {
      const end = piece.offset + piece.bytes;
      while (at < rows.length && stretchOf(rows, at).to <= piece.offset) at += rowBytes;
      const there: Stretch[] = [];
      for (let row = at; row < rows.length && rows.readUIntBE(row, 6) < end; row += rowBytes)
        if (isOfChunk(rows, row, piece)) there.push(...common(stretchOf(rows, row), { from: piece.offset, to: end }));
      return restOf(piece, there);
    });
  }

  /** Stretches that no piece covers, which are zeros, where something else stands now. */
  hollow(path: string, entry: StoredEntry, pieces: readonly Piece[]): Stretch[] {
    const rows = this.#rowsOf(path);
    const covered: Stretch[] = [];
    for (let at = 0; at < rows.length; at += rowBytes) covered.push(stretchOf(rows, at));
    const gaps = gapsOf(inOrder(pieces), entry.bytes);
    return gaps.flatMap((gap) => covered.flatMap((one) => common(gap, one)));
  }

  close(): void {
    this.#files.close();
  }

  #rowsOf(path: string): Buffer {
    const file = this.#file(path);
    assert(file !== undefined, 'a file that is known is asked about');
    return file.subarray(headBytes);
  }

  #file(path: string): Buffer | undefined {
    if (this.#last?.path === path) return this.#last.file;
    const file = this.#files.get(path);
    this.#last = { path, file };
    return file;
  }
}

function fileOf({ bytes, modifiedNs }: StoredEntry, pieces: readonly Piece[]): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeBigUInt64BE(BigInt(bytes), 0);
  head.writeBigUInt64BE(timeOf(modifiedNs), 8);
  return Buffer.concat([head, ...inOrder(pieces).map(rowOf)]);
}

/** Of a time that takes more bits (beyond the year 2262) the lower ones: it was another if they differ, and who changes a file does not hit them 584 years later. */
const timeOf = (ns: bigint): bigint => BigInt.asUintN(64, ns);

const inOrder = (pieces: readonly Piece[]): readonly Piece[] =>
  pieces.every(({ offset }, index) => index === 0 || (pieces[index - 1] as Piece).offset < offset)
    ? pieces
    : pieces.toSorted((a, b) => a.offset - b.offset);

function rowOf({ offset, bytes, from, id }: Piece): Buffer {
  const row = Buffer.alloc(rowBytes);
  row.writeUIntBE(offset, 0, 6);
  row.writeUIntBE(bytes, 6, 6);
  row.writeUIntBE(from ?? 0, 12, 6);
  id.copy(row, 18);
  return row;
}

function stretchOf(rows: Buffer, at: number): Stretch {
  const from = rows.readUIntBE(at, 6);
  return { from, to: from + rows.readUIntBE(at + 6, 6) };
}

/** Whether what stands there is of the same chunk, at the place in the file at which the piece puts it. */
const isOfChunk = (rows: Buffer, at: number, { offset, from = 0, id }: Piece): boolean =>
  rows.readUIntBE(at, 6) - rows.readUIntBE(at + 12, 6) === offset - from &&
  id.compare(rows, at + 18, at + rowBytes) === 0;

function restOf(piece: Piece, there: readonly Stretch[]): Piece[] {
  if (there.length === 0) return [piece];
  const { offset, id, from = 0 } = piece;
  const shifted = there.map((one) => ({ offset: one.from - offset, bytes: one.to - one.from }));
  return gapsOf(shifted, piece.bytes).map((gap) => ({
    offset: offset + gap.from,
    bytes: gap.to - gap.from,
    from: from + gap.from,
    id,
  }));
}

function gapsOf(pieces: readonly Pick<Piece, 'offset' | 'bytes'>[], bytes: number): Stretch[] {
  const gaps: Stretch[] = [];
  let at = 0;
  for (const { offset, bytes: length } of pieces) {
    if (offset > at) gaps.push({ from: at, to: offset });
    at = offset + length;
  }
  if (at < bytes) gaps.push({ from: at, to: bytes });
  return gaps;
}

function common(a: Stretch, b: Stretch): Stretch[] {
  const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
  return from < to ? [{ from, to }] : [];
}

const changing = (path: string): LifeboatError =>
  new LifeboatError('asset.changing', `${path} changed while it was compared: something writes there`, {
    where: path,
    hint: 'Stop whatever writes there, and run again.',
  });
