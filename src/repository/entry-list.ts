import type { EntryHeader, StoredEntry } from '../assets/index.ts';
import { limits, messageOf } from '../core/index.ts';
import { damaged } from './damage.ts';
import type { Piece } from './pieces.ts';

/** docs/FORMAT.md, "Entry list": one line of JSON an entry, long files going on in lines of pieces alone. */
export interface ListedEntry {
  readonly entry: StoredEntry;
  readonly pieces: Piece[];
}

/** Beyond a full line of pieces, a path and a link there is nothing to say. */
const lineBytesMax = 2 ** 20;

export function encodeEntry(header: EntryHeader, bytes: number, torn: boolean, pieces: readonly Piece[]): Buffer {
  const rows = pieces.map((piece) => [piece.offset, piece.bytes, piece.id.toString('base64url')]);
  const first = {
    path: header.path,
    type: header.type,
    mode: header.mode,
    modified: header.modifiedNs.toString(),
    uid: header.uid,
    gid: header.gid,
    target: header.target,
    ...(header.type === 'file' ? { bytes, pieces: rows.slice(0, limits.piecesPerLine) } : {}),
    ...(torn ? { torn: true } : {}),
  };
  const lines = [JSON.stringify(first)];
  for (let at = limits.piecesPerLine; at < rows.length; at += limits.piecesPerLine) {
    lines.push(JSON.stringify({ pieces: rows.slice(at, at + limits.piecesPerLine) }));
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Throws `repository.damaged`, naming `object`, for a list that no writer makes. */
export async function* decodeEntries(parts: AsyncIterable<Buffer>, object: string): AsyncGenerator<ListedEntry> {
  let current: ListedEntry | undefined;
  for await (const line of linesOf(parts, object)) {
    const row = parseLine(line, object);
    if ('path' in row) {
      if (current !== undefined) yield checked(current, object);
      current = { entry: entryOf(row, object), pieces: piecesOf(row, object) };
    } else if (current === undefined) throw damaged(object, 'its entry list starts with a line of pieces');
    else current.pieces.push(...piecesOf(row, object));
  }
  if (current !== undefined) yield checked(current, object);
}

async function* linesOf(parts: AsyncIterable<Buffer>, object: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const part of parts) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
    if (rest.length > lineBytesMax) throw damaged(object, 'its entry list has a line without end');
  }
  if (rest.length > 0) throw damaged(object, 'its entry list ends inside a line');
}

function parseLine(line: Buffer, object: string): Record<string, unknown> {
  try {
    const row: unknown = JSON.parse(line.toString('utf8'));
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  } catch (error) {
    throw damaged(object, `a line of its entry list is not JSON: ${messageOf(error)}`, error);
  }
  throw damaged(object, 'a line of its entry list is not an object');
}

function entryOf(row: Record<string, unknown>, object: string): StoredEntry {
  const { path, type, mode, modified, uid, gid, target, bytes, torn } = row;
  const good =
    typeof path === 'string' &&
    (type === 'file' || type === 'folder' || type === 'symlink') &&
    isCount(mode) &&
    mode <= 0o7777 &&
    typeof modified === 'string' &&
    /^-?\d{1,20}$/.test(modified) &&
    (uid === undefined || isCount(uid)) &&
    (gid === undefined || isCount(gid)) &&
    (type === 'symlink' ? typeof target === 'string' : target === undefined) &&
    (type === 'file' ? isCount(bytes) : bytes === undefined) &&
    (torn === undefined || torn === true);
  if (!good) throw damaged(object, 'a line of its entry list is not an entry');
  return {
    path,
    type,
    mode,
    modifiedNs: BigInt(modified),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    ...(typeof target === 'string' ? { target } : {}),
    bytes: isCount(bytes) ? bytes : 0,
    ...(torn === true ? { torn } : {}),
  };
}

function piecesOf(row: Record<string, unknown>, object: string): Piece[] {
  const rows = row['pieces'] ?? [];
  if (!Array.isArray(rows) || rows.length > limits.piecesPerLine)
    throw damaged(object, 'a line of its entry list holds no list of pieces');
  return rows.map((one: unknown) => {
    const [offset, bytes, id] = Array.isArray(one) ? (one as unknown[]) : [];
    const key = typeof id === 'string' && /^[\w-]{43}$/.test(id) ? Buffer.from(id, 'base64url') : undefined;
    if (!isCount(offset) || !isCount(bytes) || key === undefined)
      throw damaged(object, 'a piece of its entry list is none');
    return { offset, bytes, id: key };
  });
}

/** Pieces stand in order, do not overlap and stay inside their file. */
function checked(listed: ListedEntry, object: string): ListedEntry {
  let end = 0;
  for (const piece of listed.pieces) {
    if (piece.offset < end) throw damaged(object, `the pieces of ${JSON.stringify(listed.entry.path)} overlap`);
    end = piece.offset + piece.bytes;
  }
  if (end > listed.entry.bytes)
    throw damaged(object, `the pieces of ${JSON.stringify(listed.entry.path)} are longer than the file`);
  return listed;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
