import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LifeboatError, limits, messageOf, systemCodeOf } from '../../../core/index.ts';
import type { LogRange, LogWriter } from '../../log.ts';
import { segmentOfName } from '../lsn.ts';
import { LogWindow } from './received/window.ts';

/** A file that a server hands to its `archive_command`. */
export type PushedFile =
  | {
      readonly kind: 'segment';
      readonly systemId: string;
      readonly range: LogRange;
      readonly bytes: Buffer;
      readonly segmentBytes: number;
      readonly isPartial: boolean;
    }
  | { readonly kind: 'history'; readonly timeline: number; readonly text: string }
  /** A note of a backup, which nothing here needs: points hold their own. */
  | { readonly kind: 'backup' };

/** First bytes of a segment's first page, by major version of the server. */
const magics: Readonly<Record<number, number>> = { 15: 0xd110, 16: 0xd113, 17: 0xd116, 18: 0xd118 };
const segmentBytesMax = 2 ** 30;

/** Reads a file of `pg_wal` and judges it by its own header. Throws `input.file`, `asset.foreign`, `asset.corrupt`. */
export async function readPushed(path: string): Promise<PushedFile> {
  const name = basename(path);
  if (/^[0-9A-F]{24}\.[0-9A-F]{8}\.backup$/.test(name)) return { kind: 'backup' };
  const history = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
  const bytes = await contentOf(path);
  if (history !== undefined)
    return { kind: 'history', timeline: Number.parseInt(history, 16), text: bytes.toString('utf8') };
  if (!/^[0-9A-F]{24}(\.partial)?$/.test(name))
    throw new LifeboatError('input.file', `${name} is no file of a server's log`, { where: path });
  return segmentIn(path, name.slice(0, 24), bytes, name.endsWith('.partial'));
}

/** Durable when it resolves. Throws `log.conflict`. */
export async function storePushed(log: LogWriter, file: PushedFile): Promise<void> {
  if (file.kind === 'history') return log.appendHistory(file.timeline, file.text);
  if (file.kind !== 'segment') return;
  const window = new LogWindow(file.range.timeline, file.range.start, file.segmentBytes);
  window.add(file.range.start, file.bytes);
  if (window.hasEnded && !file.isPartial) {
    throw new LifeboatError(
      'asset.corrupt',
      'the segment is not complete: the server still writes to it, or lost a part',
      {
        hint: 'Only what archive_command names as %p is complete.',
      },
    );
  }
  // The last segment of a timeline that was left: as far as it was written. It never stands for a whole one.
  const end = file.isPartial ? window.endOfRecords : file.range.end;
  for (let at = file.range.start; at < end; at += BigInt(window.cellBytes)) {
    const cellEnd = at + BigInt(window.cellBytes);
    const range = { ...file.range, start: at, end: cellEnd < end ? cellEnd : end };
    const { bytes, marks } = window.part(range);
    await log.append(range, bytes, marks);
  }
}

function segmentIn(path: string, name: string, bytes: Buffer, isPartial: boolean): PushedFile {
  const corrupt = (what: string): LifeboatError =>
    new LifeboatError('asset.corrupt', `${name}: ${what}`, { where: path });
  if (bytes.length < 40) throw corrupt(`it has ${bytes.length} bytes`);
  const segmentBytes = bytes.readUInt32LE(32);
  if (segmentBytes !== bytes.length) throw corrupt(`it has ${bytes.length} bytes, its header says ${segmentBytes}`);
  if (!Object.values(magics).includes(bytes.readUInt16LE(0))) {
    throw new LifeboatError('asset.unsupported', `${name}: it is of a version of PostgreSQL that is not known here`, {
      hint: `Known are ${Object.keys(magics).join(', ')}.`,
    });
  }
  const place = segmentOfName(name, segmentBytes);
  if (place === undefined || bytes.readBigUInt64LE(8) !== place.start)
    throw corrupt('its header says another place of the log than its name');
  const range = { timeline: place.timeline, start: place.start, end: place.start + BigInt(segmentBytes) };
  return { kind: 'segment', systemId: bytes.readBigUInt64LE(24).toString(), range, bytes, segmentBytes, isPartial };
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > Math.max(segmentBytesMax, limits.logHistoryBytesMax))
      throw new LifeboatError('input.file', `${path} has ${size} bytes`);
    return await readFile(path);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    throw new LifeboatError('input.file', `${path} cannot be read: ${messageOf(error)}`, { where: path, cause: error });
  }
}
