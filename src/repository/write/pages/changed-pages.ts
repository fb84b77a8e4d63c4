import type { FileHandle } from 'node:fs/promises';
import { limits, free } from '../../../core/index.ts';
import type { Piece } from '../../read/pieces.ts';
import { readAhead } from '../../tasks.ts';
import type { PlainChunk } from '../chunk-sink.ts';
import { isZeros } from '../chunker.ts';
import type { ComingPiece } from '../coming-piece.ts';
import type { OldChunks } from './old-chunks.ts';
import { regionsOf, type Region } from './old-regions.ts';
import { PageBundle } from './page-bundle.ts';
import type { SharedBuffers } from '../../pool/index.ts';

export interface ChangedPagesOf {
  /** What the list of the point before says of the file. */
  readonly lines: readonly string[];
  readonly pageBytes: number;
  readonly old: OldChunks;
  readonly buffers: SharedBuffers;
  /** Takes a chunk once there is room for it. Throws what went wrong with any before, or when the backup was stopped. */
  readonly submit: (chunk: PlainChunk) => Promise<{ id: Promise<Buffer> }>;
  /** Bytes that need no chunk of their own. */
  readonly kept: (bytes: number) => void;
}

/** How a region will stand in the new point. */
type Outcome =
  | { readonly do: 'keep'; readonly pieces: readonly Piece[] }
  | { readonly do: 'store' }
  /** `unlike[i]` is 1 for each granule that is not what it was; `id` is that of the whole region as it is now. */
  | { readonly do: 'patch'; readonly unlike: Uint8Array; readonly granule: number; readonly id: Buffer };

interface Examined extends Region {
  /** What was read; shorter than the region only where the file ends. */
  readonly plain: Buffer;
  readonly outcome: Outcome;
}

/**
 * Stores a file of fixed pieces so that of a piece which has changed here and there only the changed pages are new: the rest goes on
 * standing in the chunks of the points before. Returns the bytes that the file had.
 */
export async function storeChangedPages(
  file: FileHandle,
  bytes: number,
  of: ChangedPagesOf,
  into: ComingPiece[],
): Promise<number> {
  const bundle = new PageBundle(of.buffers, of.submit);
  const spare: Buffer[] = [];
  const granule = granuleOf(of.pageBytes, bytes);
  let total = 0;
  const examine = (region: Region): Promise<Examined> => examined(file, region, granule, of.old, spare);
  for await (const region of readAhead(regionsOf(of.lines, bytes), limits.regionsAhead, examine)) {
    await store(region, of, bundle, into);
    total += region.plain.length;
    spare.push(Buffer.from(region.plain.buffer as ArrayBuffer));
    if (region.plain.length < region.bytes) break;
  }
  await bundle.close();
  return total;
}

/** Larger than a page where the file would have more pieces than fit into memory. */
function granuleOf(pageBytes: number, fileBytes: number): number {
  let granule = Math.max(limits.comparedBytesMin, pageBytes);
  while (granule < limits.fixedChunkBytes && fileBytes / granule > limits.comparedPagesMax) granule *= 2;
  return granule;
}

async function examined(
  file: FileHandle,
  region: Region,
  granule: number,
  old: OldChunks,
  spare: Buffer[],
): Promise<Examined> {
  const room = spare.pop() ?? Buffer.allocUnsafeSlow(limits.fixedChunkBytes);
  const plain = await readWhole(file, room.subarray(0, region.bytes), region.offset);
  return { ...region, plain, outcome: await outcomeOf(plain, region, granule, old) };
}

async function readWhole(file: FileHandle, into: Buffer, offset: number): Promise<Buffer> {
  let got = 0;
  while (got < into.length) {
    const { bytesRead } = await file.read(into, got, into.length - got, offset + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return into.subarray(0, got);
}

async function outcomeOf(plain: Buffer, region: Region, granule: number, old: OldChunks): Promise<Outcome> {
  if (isZeros(plain)) return { do: 'keep', pieces: [] };
  const before = region.old;
  if (before === undefined || before.length === 0 || !before.every(({ id }) => old.isStored(id)))
    return { do: 'store' };
  const id = await old.idOf(plain);
  if (isSame(before, id, region.offset, plain.length)) return { do: 'keep', pieces: before };
  if (old.isStored(id)) return { do: 'store' };
  const unlike = await unlikeOf(plain, before, region, granule, old);
  if (unlike === undefined) return { do: 'store' };
  const changed = unlike.reduce((sum, one) => sum + one, 0);
  const chunks = new Set(before.map((piece) => piece.id.toString('latin1'))).size;
  // To be read back, a region that has gathered much from many points costs more than it saves.
  if (changed * 2 > unlike.length || chunks >= limits.chunksPerRegionMax) return { do: 'store' };
  return { do: 'patch', unlike, granule, id };
}

function isSame(pieces: readonly Piece[], id: Buffer, offset: number, bytes: number): boolean {
  const [first] = pieces;
  if (first === undefined) return false;
  if (first.whole !== undefined) return first.whole.equals(id);
  const isWhole = pieces.length === 1 && first.offset === offset && first.bytes === bytes && first.from === undefined;
  return isWhole && first.id.equals(id);
}

/** Undefined if the store cannot give what was there. */
async function unlikeOf(
  plain: Buffer,
  before: readonly Piece[],
  region: Region,
  granule: number,
  old: OldChunks,
): Promise<Uint8Array | undefined> {
  const [first] = before;
  const isChunk = before.length === 1 && first?.offset === region.offset && first.from === undefined;
  if (!isChunk) {
    const was = await contentOf(before, region, old);
    return was && compared(plain, was, granule);
  }
  // No other region stands in it: its memory goes back at once, or collecting half a megabyte a region would be most of the work.
  const was = await old.openOnce(first.id);
  if (was === undefined) return undefined;
  const unlike = compared(plain, was, granule);
  free(was);
  return unlike;
}

/** The region as the point before has it; undefined if the store cannot give it. */
async function contentOf(pieces: readonly Piece[], { offset }: Region, old: OldChunks): Promise<Buffer | undefined> {
  const was = Buffer.alloc(limits.fixedChunkBytes);
  for (const { id, offset: at, bytes, from = 0 } of pieces) {
    const chunk = await old.open(id);
    if (chunk === undefined || from + bytes > chunk.length) return undefined;
    chunk.copy(was, at - offset, from, from + bytes);
  }
  return was;
}

function compared(plain: Buffer, was: Buffer, granule: number): Uint8Array {
  const unlike = new Uint8Array(Math.ceil(plain.length / granule));
  for (let i = 0, at = 0; at < plain.length; i += 1, at += granule) {
    const end = Math.min(at + granule, plain.length);
    // What the file grew by since is unlike.
    if (end > was.length || plain.compare(was, at, end, at, end) !== 0) unlike[i] = 1;
  }
  return unlike;
}

async function store(region: Examined, of: ChangedPagesOf, bundle: PageBundle, into: ComingPiece[]): Promise<void> {
  const { plain, outcome, offset, old = [] } = region;
  if (outcome.do === 'store') {
    const slot = of.buffers.take(plain.length);
    const copy = slot.bytes.subarray(0, plain.length);
    plain.copy(copy);
    const { id } = await of.submit({ plain: copy, release: () => slot.release() });
    id.catch(() => {}); // the sink throws it to the next who submits
    into.push({ offset, bytes: plain.length, id });
    return;
  }
  if (outcome.do === 'keep') {
    of.kept(plain.length);
    for (const piece of outcome.pieces) into.push({ ...piece, id: Promise.resolve(piece.id) });
    return;
  }
  const { unlike, granule, id } = outcome;
  const pieces: ComingPiece[] = [];
  for (const run of runsOf(unlike, granule, plain.length)) {
    if (!run.unlike) {
      pieces.push(...partsOf(old, offset + run.start, offset + run.end));
      of.kept(run.end - run.start);
    } else
      for (let at = run.start; at < run.end;) {
        const piece = await bundle.take(plain.subarray(at, run.end));
        pieces.push({ ...piece, offset: offset + at });
        at += piece.bytes;
      }
  }
  const [first, ...rest] = pieces;
  if (first !== undefined) into.push({ ...first, whole: id }, ...rest);
}

interface Run {
  readonly unlike: boolean;
  readonly start: number;
  end: number;
}

function runsOf(unlike: Uint8Array, granule: number, bytes: number): Run[] {
  const runs: Run[] = [];
  unlike.forEach((one, i) => {
    const end = Math.min((i + 1) * granule, bytes);
    const last = runs.at(-1);
    if (last?.unlike === (one === 1)) last.end = end;
    else runs.push({ unlike: one === 1, start: i * granule, end });
  });
  return runs;
}

/** What of these pieces stands between two offsets of the file. */
function partsOf(pieces: readonly Piece[], start: number, end: number): ComingPiece[] {
  const parts: ComingPiece[] = [];
  for (const { offset, bytes, id, from = 0 } of pieces) {
    const first = Math.max(offset, start);
    const last = Math.min(offset + bytes, end);
    if (first >= last) continue;
    parts.push({ offset: first, bytes: last - first, id: Promise.resolve(id), from: from + first - offset });
  }
  return parts;
}
