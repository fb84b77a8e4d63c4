import { isoTime, LifeboatError } from '../../../core/index.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { floorTo, lsnText } from '../lsn.ts';
import { pageBytes, RecordWalker } from '../stream/received/records.ts';
import type { Start } from './choose-way.ts';
import type { Ground } from './locate-target.ts';
import { readStretch } from './stretch.ts';
import type { Leg } from './survey-log.ts';
import { coveredTo } from '../../log-ranges.ts';

/** What a server writes at the end of a base backup, padding included: a header, how long its data is, and where the backup began. */
const endRecordBytes = 40;
const endRecordLength = 34;

/**
 * That the log goes on from the very server that the point is of. One that was put back (a snapshot of its volume, a copy that kept the number of its source)
 * writes other records under the same timeline; PostgreSQL replays up to the first that does not fit and calls that the end. Throws `log.conflict`, and what the
 * log throws.
 */
export async function mustBeOfOneLife(
  { log, listing, starts, signal }: Pick<Ground, 'log' | 'listing' | 'starts' | 'signal'>,
  { base, place, segmentBytes }: Start,
  [first]: readonly Leg[],
): Promise<void> {
  const { timeline, end } = place;
  const { pieces } = listing;
  if (first === undefined || first.to < end || typeof base.facts['startLsn'] !== 'string') return;
  const start = floorTo(end - BigInt(endRecordBytes), segmentBytes);
  if (coveredTo(pieces, timeline, start) < end) return;
  const bytes = await readStretch(log, pieces, { timeline, start, end }, signal === undefined ? {} : { signal });
  if (endsHere(bytes, start, base.facts, segmentBytes)) return;
  const older = starts.findLast((one) => one.base.atMs < base.atMs);
  throw new LifeboatError(
    'log.conflict',
    `the log of timeline ${timeline} is not of the server that the point ${base.id} is of: at ${lsnText(end)}, where the point ends, it says something else`,
    {
      hint: `Two lives have one number: the server was put back, or a copy went on with the number of its source. Restore the point alone: --point ${base.id}${older === undefined ? '' : `; or what the log holds, from an older point on: --point ${older.base.id} --at now (that point is of ${isoTime(older.base.atMs)})`}.`,
    },
  );
}

/** Whether the bytes, which begin with a segment, end with the record that ended the backup; where that cannot be told, with any whole record. */
function endsHere(
  bytes: Buffer,
  start: bigint,
  facts: Readonly<Record<string, unknown>>,
  segmentBytes: number,
): boolean {
  const at = bytes.length - endRecordBytes;
  const inPage = at % pageBytes;
  const isInOnePage = inPage >= endRecordBytes && inPage + endRecordBytes <= pageBytes;
  // A standby writes no such record.
  if (isInOnePage && facts['from'] !== 'standby') {
    const isEnd = bytes.readUInt32LE(at) === endRecordLength && bytes[at + 16] === 0x50 && bytes[at + 17] === 0;
    return isEnd && bytes.readBigUInt64LE(at + 26) === lsnValue(String(facts['startLsn']));
  }
  const walker = new RecordWalker(start, segmentBytes, () => {});
  walker.push(bytes);
  return walker.end === start || walker.end === start + BigInt(bytes.length);
}
