import { readSync } from 'node:fs';
import { free } from '../../core/index.ts';
import { openChunkNow, roomFor } from '../format/chunk-codec.ts';
import { DirectWriter, writeWhole } from './direct-writer.ts';
import { Gatherer } from './gather.ts';
import type { OpenPackFile, OpenTarget, PlacedChunk, PlaceRequest } from './messages.ts';

/** Chunks that follow each other in a pack are read in one go, up to so many sealed bytes. */
const runBytesMax = 2 ** 20;

/**
 * Reads chunks from packs and writes each to its place, past the system's cache where that can be: what a restore writes is synced
 * at once and would push out of memory what others need. Returns the positions of those that are bad or cannot be read; throws what
 * writing throws. Nothing is under way any more when it ends, however it ends.
 */
export async function placeChunks({ packs, chunks }: PlaceRequest): Promise<number[]> {
  const bad: number[] = [];
  const writer = new DirectWriter();
  // Its own: others of this thread go on while this one waits for the disk.
  const room = roomFor(Math.max(0, ...chunks.map(({ plainBytes }) => plainBytes)));
  const gatherer = new Gatherer((chunk, into) => readOne(packs, chunk, into));
  try {
    for (const [first, end] of runsOf(chunks)) {
      const run = chunks.slice(first, end);
      if (run[0]?.parts !== undefined) {
        const gathered = gatherer.gather(run);
        for (const { offset, bytes } of gathered.runs) await put(writer, { ...run[0].target, offset }, bytes);
        for (const i of gathered.bad) bad.push(first + i);
        continue;
      }
      const { file, key } = packs[(run[0] as PlacedChunk).pack] as OpenPackFile;
      const sealed = readRun(file, run);
      for (const [i, chunk] of run.entries()) {
        const plain = sealed && openOne(key, chunk, sealed, (run[0] as PlacedChunk).offset, room);
        if (plain === undefined) {
          bad.push(first + i);
          continue;
        }
        await put(writer, chunk.target, plain);
      }
      if (sealed !== undefined) free(sealed);
    }
    await writer.finish();
  } finally {
    await writer.settle();
    gatherer.end();
    free(room);
  }
  return bad;
}

function readOne(packs: readonly OpenPackFile[], chunk: PlacedChunk, into: Buffer): Buffer | undefined {
  const { file, key } = packs[chunk.pack] as OpenPackFile;
  const sealed = readRun(file, [chunk]);
  const plain = sealed && openOne(key, chunk, sealed, chunk.offset, into);
  if (sealed !== undefined) free(sealed);
  return plain;
}

async function put(writer: DirectWriter, target: OpenTarget, plain: Buffer): Promise<void> {
  if (writer.takes(target, plain.length)) await writer.write(target, plain);
  else writeWhole(target.file, plain, target.offset);
}

/** Runs of `chunks`: neighbours in one pack, or such as have parts of one stretch of a file. */
function* runsOf(chunks: readonly PlacedChunk[]): Generator<[number, number]> {
  let first = 0;
  for (let i = 1; i <= chunks.length; i += 1) {
    const [start, last, next] = [chunks[first] as PlacedChunk, chunks[i - 1] as PlacedChunk, chunks[i]];
    if (next !== undefined && (isGathered(start, next) || areNeighbours(start, last, next))) continue;
    yield [first, i];
    first = i;
  }
}

const isGathered = (start: PlacedChunk, next: PlacedChunk): boolean =>
  start.parts !== undefined &&
  next.parts !== undefined &&
  next.target.file === start.target.file &&
  next.target.offset === start.target.offset;

const areNeighbours = (start: PlacedChunk, last: PlacedChunk, next: PlacedChunk): boolean =>
  start.parts === undefined &&
  next.parts === undefined &&
  next.pack === start.pack &&
  next.offset === last.offset + last.sealedBytes &&
  next.offset + next.sealedBytes - start.offset <= runBytesMax;

/** Undefined where the disk gives an error: whoever asked reads it again in a way that tells what it was. */
function readRun(file: number, run: readonly PlacedChunk[]): Buffer | undefined {
  const [start, last] = [run[0] as PlacedChunk, run.at(-1) as PlacedChunk];
  const bytes = Buffer.allocUnsafeSlow(last.offset + last.sealedBytes - start.offset);
  try {
    let got = 0;
    while (got < bytes.length) {
      const more = readSync(file, bytes, got, bytes.length - got, start.offset + got);
      if (more === 0) break;
      got += more;
    }
    return bytes.subarray(0, got);
  } catch {
    // Named as bad, as promised above.
    return undefined;
  }
}

function openOne(
  key: Uint8Array,
  chunk: PlacedChunk,
  sealed: Buffer,
  startsAt: number,
  room: Buffer,
): Buffer | undefined {
  const start = chunk.offset - startsAt;
  const bytes = sealed.subarray(start, start + chunk.sealedBytes);
  if (bytes.length !== chunk.sealedBytes) return undefined;
  return openChunkNow({ kind: 'pack', raw: key }, chunk.id, chunk.number, bytes, chunk.plainBytes, room);
}
