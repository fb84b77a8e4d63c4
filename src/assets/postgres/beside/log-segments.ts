import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError, ownModule, systemCodeOf } from '../../../core/index.ts';
import type { Entry } from '../../entry.ts';
import type { DataFolder } from './data-folder.ts';
import type { AboutLog } from './log-inspector.ts';

export interface LogRange {
  readonly timeline: number;
  /** Byte positions in the log: from where on replay starts, and up to where it must come for the backup to be consistent. */
  readonly from: bigint;
  readonly to: bigint;
}

const inspector = ownModule('./log-inspector', import.meta.url).href;

/** The segments of the log between two positions, and the histories of timelines. Throws `asset.vanished`. */
export async function* logEntries(folder: DataFolder, range: LogRange): AsyncGenerator<Entry, void, void> {
  const place = join(folder.path, 'pg_wal');
  for (const name of await readdir(place)) {
    if (/^[0-9A-F]{8}\.history$/.test(name)) yield await fileOf(place, name, {});
  }
  const bytes = BigInt(folder.logSegmentBytes);
  for (let segment = range.from / bytes; segment * bytes < range.to; segment += 1n) {
    const name = segmentName(range.timeline, segment, bytes);
    const about: AboutLog = { startsAt: segment * bytes, endsAt: (segment + 1n) * bytes, neededTo: range.to };
    const report = (): never => {
      throw recycled(name);
    };
    yield await fileOf(place, name, { inspection: { module: inspector, about, report } });
  }
}

const segmentName = (timeline: number, segment: bigint, bytes: bigint): string => {
  const perId = 2n ** 32n / bytes;
  return [BigInt(timeline), segment / perId, segment % perId]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
};

async function fileOf(
  folder: string,
  name: string,
  extra: { inspection?: NonNullable<Extract<Entry['content'], { kind: 'file' }>['inspection']> },
): Promise<Entry> {
  const path = join(folder, name);
  try {
    const found = await stat(path, { bigint: true });
    return {
      path: `pg_wal/${name}`,
      type: 'file',
      mode: Number(found.mode) & 0o777,
      modifiedNs: found.mtimeNs,
      chunking: extra.inspection === undefined ? 'content' : 'fixed',
      content: { kind: 'file', path, bytes: Number(found.size), mayChange: true, ...extra },
    };
  } catch (error) {
    throw systemCodeOf(error) === 'ENOENT' ? recycled(name) : error;
  }
}

const recycled = (name: string): LifeboatError =>
  new LifeboatError('asset.vanished', `the server recycled ${name} of its log while the backup still needed it`, {
    where: name,
    hint: 'Free a replication slot (max_replication_slots) or raise wal_keep_size, and run again.',
  });
