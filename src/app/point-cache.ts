import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { limits, type Clock } from '../core/index.ts';
import type { PlaceOfPoints, PointCache } from '../repository/index.ts';

const schema = `
  pragma journal_mode = wal;
  pragma synchronous = off;
  create table if not exists points (
    place text not null,
    name text not null,
    read_ms integer not null,
    sealed blob not null,
    primary key (place, name)
  ) strict;
`;

/**
 * Point objects of all stores in one file of the folder of state, sealed as they are. Opened when first asked; a file that cannot be used is made
 * anew, and where that cannot be, nothing is kept.
 */
export function openPointCache(stateFolder: string, clock: Clock): PointCache & { close(): void } {
  const file = join(stateFolder, 'points.db');
  let opened: DatabaseSync | undefined;
  let isOff = false;
  const tried = <T>(work: (database: DatabaseSync) => T): T | undefined => {
    if (isOff) return undefined;
    try {
      opened ??= prepared(file);
      return work(opened);
    } catch {
      // Nothing rests on it: who reads without it reads the store. It is busy, full, harmed, or its folder cannot be written.
      isOff = true;
      return undefined;
    }
  };
  return {
    load: (place) => tried((database) => known(database, place, clock.now())) ?? new Map<string, Buffer>(),
    save: (place, fresh, gone) => void tried((database) => keep(database, place, fresh, gone, clock.now())),
    close: () => opened?.close(),
  };
}

function prepared(file: string): DatabaseSync {
  try {
    return open(file);
  } catch {
    // Whatever it was, it is no cache of ours any more.
    for (const part of ['', '-wal', '-shm']) rmSync(`${file}${part}`, { force: true });
    return open(file);
  }
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: limits.pointCacheBusyMs });
  try {
    database.exec(schema);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const keyOf = ({ repository, location }: PlaceOfPoints): string => `${repository} ${location}`;

function known(database: DatabaseSync, place: PlaceOfPoints, nowMs: number): Map<string, Buffer> {
  // A clock that was put back makes nothing younger than it is.
  const rows = database
    .prepare('select name, sealed from points where place = ? and read_ms between ? and ?')
    .all(keyOf(place), nowMs - limits.pointCacheMs, nowMs);
  return new Map(rows.map(({ name, sealed }) => [String(name), bufferOf(sealed as Uint8Array)]));
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

function keep(
  database: DatabaseSync,
  place: PlaceOfPoints,
  fresh: ReadonlyMap<string, Buffer>,
  gone: readonly string[],
  nowMs: number,
): void {
  const key = keyOf(place);
  database.exec('begin immediate');
  try {
    const put = database.prepare('insert or replace into points (place, name, read_ms, sealed) values (?, ?, ?, ?)');
    for (const [name, sealed] of fresh) put.run(key, name, Math.trunc(nowMs), sealed);
    const remove = database.prepare('delete from points where place = ? and name = ?');
    for (const name of gone) remove.run(key, name);
    // What nobody listed for so long is of stores that are in no plan any more.
    database.prepare('delete from points where read_ms < ?').run(Math.trunc(nowMs - 2 * limits.pointCacheMs));
    database.exec('commit');
  } catch (error) {
    database.exec('rollback');
    throw error;
  }
}
