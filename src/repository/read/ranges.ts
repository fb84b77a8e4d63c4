import { limits } from '../../core/index.ts';
import type { ChunkPlace } from '../table/chunk-record.ts';

/** Two chunks with less than this between them are read in one go. */
const gapBytesMax = 128 * 2 ** 10;
const rangeBytesMax = 8 * 2 ** 20;

export interface Place {
  readonly ordinal: number;
  readonly place: ChunkPlace;
}

export interface Range {
  offset: number;
  length: number;
  places: Place[];
}

/** What to read of a pack to get these chunks, which are in the order of their offsets. */
export function rangesOf(places: readonly Place[], bytesMax = rangeBytesMax): Range[] {
  const ranges: Range[] = [];
  for (const one of places) {
    const { offset, sealedBytes } = one.place;
    const last = ranges[ranges.length - 1];
    const end = offset + sealedBytes;
    if (last !== undefined && offset - (last.offset + last.length) <= gapBytesMax && end - last.offset <= bytesMax) {
      last.length = Math.max(last.length, end - last.offset);
      last.places.push(one);
    } else ranges.push({ offset, length: sealedBytes, places: [one] });
  }
  return ranges;
}

/** Neighbours as one task of a thread: enough to be worth the way, little enough that all threads end together. */
export function* tasksOf(places: readonly Place[]): Generator<Place[]> {
  let task: Place[] = [];
  let bytes = 0;
  for (const one of places) {
    if (
      task.length === limits.openTaskChunksMax ||
      (task.length > 0 && bytes + one.place.plainBytes > limits.openTaskBytesMax)
    ) {
      yield task;
      task = [];
      bytes = 0;
    }
    task.push(one);
    bytes += one.place.plainBytes;
  }
  if (task.length > 0) yield task;
}
