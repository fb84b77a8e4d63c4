import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogEnding } from '../../log.ts';
import { floorTo, segmentName } from '../lsn.ts';
import { RecordWalker } from '../stream/received/records.ts';
import { ifThere, readControl } from './control.ts';

/** See `InPlaceKeeping.life`. A server that crashed wrote on behind its newest checkpoint, so that the log itself is asked. */
export async function lifeOf(target: string): Promise<LogEnding | undefined> {
  const { timeline, checkpoint } = await readControl(target);
  const folder = join(target, 'pg_wal');
  const segment = ((await ifThere(readdir(folder))) ?? []).find((name) => /^[0-9A-F]{24}$/.test(name));
  if (segment === undefined) return undefined;
  const segmentBytes = (await stat(join(folder, segment))).size;
  let start = floorTo(checkpoint, segmentBytes);
  const walker = new RecordWalker(start, segmentBytes, () => {});
  while (!walker.hasEnded) {
    const bytes = await ifThere(readFile(join(folder, segmentName(timeline, start, segmentBytes))));
    if (bytes === undefined) break;
    walker.push(bytes);
    start += BigInt(segmentBytes);
  }
  // Not before what a stream may have got: then it would look as if the life had gone on.
  return walker.end > checkpoint ? { timeline, position: walker.endOfPages } : undefined;
}
