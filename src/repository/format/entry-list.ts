import type { EntryHeader, StoredEntry } from '../../assets/index.ts';
import { limits, messageOf } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import { extrasOf, writtenExtras } from './entry-extras.ts';
import type { Piece } from '../read/pieces.ts';

/** docs/FORMAT.md, "Entry list": one line of JSON an entry, long files going on in lines of pieces alone. */
export interface ListedEntry {
  readonly entry: StoredEntry;
  readonly pieces: Piece[];
}

/** Beyond a full line of pieces, a path, a link and the attributes there is nothing to say. */
const lineBytesMax = 2 * 2 ** 20;

/** All lines of an entry as text, with their ends. */
export function encodeEntry(header: EntryHeader, bytes: number, torn: boolean, pieces: readonly Piece[]): string {
  const rows = pieces.map(rowOf);
  const first = {
    ...writtenHeader(header),
    ...(header.type === 'file' ? { bytes } : {}),
    ...(header.sparse === true ? { sparse: true } : {}),
    ...(header.type === 'file' ? { pieces: rows.slice(0, limits.piecesPerLine) } : {}),
    ...(torn ? { torn: true } : {}),
  };
  if (rows.length <= limits.piecesPerLine) return `${JSON.stringify(first)}\n`;
  const lines = [JSON.stringify(first)];
  for (let at = limits.piecesPerLine; at < rows.length; at += limits.piecesPerLine) {
    lines.push(JSON.stringify({ pieces: rows.slice(at, at + limits.piecesPerLine) }));
  }
  return `${lines.join('\n')}\n`;
}

/**
 * How the line of a file begins when nothing about it has changed: what follows is where its content stands. A whole line that
 * begins so may be used again as it is.
 */
export const lineStart = (header: EntryHeader, bytes: number): string =>
  JSON.stringify({ ...writtenHeader(header), bytes }).slice(0, -1);

const writtenHeader = (header: EntryHeader): Record<string, unknown> => ({
  path: header.path,
  type: header.type,
  mode: header.mode,
  modified: header.modifiedNs.toString(),
  uid: header.uid,
  gid: header.gid,
  target: header.target,
  ...writtenExtras(header),
});

function rowOf({ offset, bytes, id, from, whole }: Piece): (number | string)[] {
  if (whole !== undefined) return [offset, bytes, textOf(id), from ?? 0, whole.toString('base64url')];
  return from === undefined ? [offset, bytes, textOf(id)] : [offset, bytes, textOf(id), from];
}

let last: { id: Buffer; text: string } | undefined;

/** Neighbours share their chunk: its text is made once. */
function textOf(id: Buffer): string {
  if (last?.id !== id) last = { id, text: id.toString('base64url') };
  return last.text;
}

/** Throws `repository.damaged`, naming `object`, for a list that no writer makes. */
export async function* decodeEntries(parts: AsyncIterable<Buffer>, object: string): AsyncGenerator<ListedEntry> {
  let current: ListedEntry | undefined;
  for await (const lines of linesOf(parts, object)) {
    for (const line of lines) {
      const row = parseLine(line, object);
      if ('path' in row) {
        if (current !== undefined) yield checked(current, object);
        current = { entry: entryOf(row, object), pieces: piecesOf(row, object) };
      } else if (current === undefined) throw damaged(object, 'its entry list starts with a line of pieces');
      else current.pieces.push(...piecesOf(row, object));
    }
  }
  if (current !== undefined) yield checked(current, object);
}

/**
 * Hands on the chunk of each piece, once where neighbours share it: nothing is made for all others, for millions of them would grow the heap faster
 * than the collector comes by. Throws as `decodeEntries` does, and what `meet` throws.
 */
export async function eachChunk(
  parts: AsyncIterable<Buffer>,
  object: string,
  meet: (id: Buffer) => void,
): Promise<void> {
  let known = '';
  for await (const lines of linesOf(parts, object)) {
    for (const line of lines) {
      const at = singleIdIn(line);
      if (at === undefined) {
        for (const { id } of piecesOf(parseLine(line, object), object)) meet(id);
        known = '';
      } else if (known === '' || !line.startsWith(known, at)) {
        known = line.slice(at, at + idCharacters);
        meet(Buffer.from(known, 'base64url'));
      }
    }
  }
}

/** Where the id stands in the line of an entry that has one piece. */
function singleIdIn(line: string): number | undefined {
  if (!line.startsWith(pathStart)) return undefined;
  const at = line.lastIndexOf(piecesStart);
  singlePieceOnly.lastIndex = at;
  return at >= 0 && singlePieceOnly.test(line) ? line.indexOf('"', at + piecesStart.length) + 1 : undefined;
}

const idCharacters = 43;
const piecesStart = '"pieces":[[';
const singlePieceOnly = /"pieces":\[\[\d{1,15},\d{1,15},"[\w-]{43}"(?:,\d{1,15})?\]\]\}$/y;

/** The path in a line, told without reading the rest of it; undefined for a line of pieces alone. */
export function pathIn(line: string): string | undefined {
  if (!line.startsWith(pathStart)) return undefined;
  // A quote inside a text of JSON has a backslash before it: this can only be the end of the path.
  const end = line.indexOf('","type":', pathStart.length);
  if (end < 0) return undefined;
  const text = line.slice(pathStart.length, end);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    // No writer makes such a line: whoever decodes it says so.
    return undefined;
  }
}

const pathStart = '{"path":"';

/**
 * Whole lines as text, some at a time; of a part nothing is looked at any more when the next one is asked for. Only the line that two parts
 * share is put together: copies of whole parts would be left to the garbage collector.
 */
export async function* linesOf(parts: AsyncIterable<Buffer>, object: string): AsyncGenerator<string[]> {
  let rest = Buffer.alloc(0);
  for await (const part of parts) {
    const first = part.indexOf(lineFeed);
    if (first < 0) rest = Buffer.concat([rest, part]);
    else {
      const end = part.lastIndexOf(lineFeed);
      yield [Buffer.concat([rest, part.subarray(0, first)]).toString('utf8')];
      for (let from = first + 1; from <= end;) {
        const near = part.lastIndexOf(lineFeed, from + textBytes);
        const to = near < from ? part.indexOf(lineFeed, from) : near;
        yield part.toString('utf8', from, to).split('\n');
        from = to + 1;
      }
      rest = Buffer.from(part.subarray(end + 1));
    }
    if (rest.length > lineBytesMax) throw damaged(object, 'its entry list has a line without end');
  }
  if (rest.length > 0) throw damaged(object, 'its entry list ends inside a line');
}

const lineFeed = 0x0a;
/** Turned into text at once: a line keeps the whole text that it is cut from, and of long ones much lives until a full round of the collector. */
const textBytes = 8 * 2 ** 10;

function parseLine(line: string, object: string): Record<string, unknown> {
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  } catch (error) {
    throw damaged(object, `a line of its entry list is not JSON: ${messageOf(error)}`, error);
  }
  throw damaged(object, 'a line of its entry list is not an object');
}

const types: ReadonlySet<unknown> = new Set(['file', 'folder', 'symlink', 'hardlink', 'fifo', 'device']);

function entryOf(row: Record<string, unknown>, object: string): StoredEntry {
  const { path, type, mode, modified, uid, gid, target, bytes, torn } = row;
  const hasTarget = type === 'symlink' || type === 'hardlink';
  const good =
    typeof path === 'string' &&
    types.has(type) &&
    isCount(mode) &&
    mode <= 0o7777 &&
    typeof modified === 'string' &&
    /^-?\d{1,20}$/.test(modified) &&
    (uid === undefined || isCount(uid)) &&
    (gid === undefined || isCount(gid)) &&
    (hasTarget ? typeof target === 'string' : target === undefined) &&
    (type === 'file' ? isCount(bytes) : bytes === undefined) &&
    (torn === undefined || torn === true);
  const extras = good ? extrasOf(row) : undefined;
  if (!good || extras === undefined) throw damaged(object, 'a line of its entry list is not an entry');
  const entry: { -readonly [key in keyof StoredEntry]: StoredEntry[key] } = {
    path,
    type: type as StoredEntry['type'],
    mode,
    modifiedNs: BigInt(modified),
    bytes: isCount(bytes) ? bytes : 0,
    ...extras,
  };
  if (uid !== undefined) entry.uid = uid;
  if (gid !== undefined) entry.gid = gid;
  if (typeof target === 'string') entry.target = target;
  if (torn === true) entry.torn = torn;
  return entry;
}

function piecesOf(row: Record<string, unknown>, object: string): Piece[] {
  const rows = row['pieces'] ?? [];
  if (!Array.isArray(rows) || rows.length > limits.piecesPerLine)
    throw damaged(object, 'a line of its entry list holds no list of pieces');
  // Parts of a file that was changed here and there share few chunks among many pieces.
  const keys = new Map<string, Buffer>();
  return rows.map((one: unknown) => {
    const [offset, bytes, id, from, whole] = Array.isArray(one) ? (one as unknown[]) : [];
    const key = keyOf(id, keys);
    const wholeKey = whole === undefined ? undefined : keyOf(whole, keys);
    const good = isCount(offset) && isCount(bytes) && (from === undefined || isCount(from));
    if (!good || key === undefined || (whole !== undefined && wholeKey === undefined))
      throw damaged(object, 'a piece of its entry list is none');
    const piece = from === undefined ? { offset, bytes, id: key } : { offset, bytes, id: key, from };
    return wholeKey === undefined ? piece : { ...piece, whole: wholeKey };
  });
}

function keyOf(text: unknown, known: Map<string, Buffer>): Buffer | undefined {
  if (typeof text !== 'string' || !/^[\w-]{43}$/.test(text)) return undefined;
  const key = known.get(text) ?? Buffer.from(text, 'base64url');
  known.set(text, key);
  return key;
}

/** The pieces of one line, as `decodeEntries` reads them. Throws `repository.damaged`, naming `object`. */
export const piecesInLine = (line: string, object: string): Piece[] => piecesOf(parseLine(line, object), object);

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
