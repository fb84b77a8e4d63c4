import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { limits, LifeboatError, messageOf, sqliteCodeOf } from '../../core/index.ts';
import { inWordsOf } from '../../journal/index.ts';

/** When a pack of a store was last read from its first chunk to its last, and whether all of them were sound. */
export interface PackRead {
  readonly atMs: number;
  readonly sound: boolean;
}

/**
 * What this machine has read of the packs of one store. Nothing rests on it: it is lost with the folder of state, and then everything
 * counts as never read, and is read again.
 */
export interface PackRecord {
  all(): Map<string, PackRead>;
  note(pack: string, read: PackRead): void;
  /** Forgets packs that are not in the store any more. */
  keepOnly(packs: ReadonlySet<string>): void;
  close(): void;
}

const schema = `
  pragma journal_mode = wal;
  pragma synchronous = normal;
  create table if not exists reads (
    store text not null,
    repository text not null,
    pack text not null,
    at_ms integer not null,
    sound integer not null,
    primary key (store, repository, pack)
  ) strict, without rowid;
`;

/** Opens or makes the record; one that is no record any more is made anew. Throws `disk.full`, and `disk.io` where it cannot be written. */
export function openPackRecord(stateFolder: string, of: { store: string; repository: string }): PackRecord {
  const file = join(stateFolder, 'verified.db');
  try {
    return recordIn(prepared(file), file, of);
  } catch (error) {
    if (!isBroken(error)) throw inOurWords(error, file);
    // What it held is found out again by reading, which is what it is for.
    for (const part of ['', '-wal', '-shm']) rmSync(`${file}${part}`, { force: true });
    return recordIn(prepared(file), file, of);
  }
}

function prepared(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: limits.sqliteBusyMs });
  try {
    database.exec(schema);
    // Damage inside shows only when it is met; a record of a few megabytes is looked through in no time.
    database.prepare('select count(*), sum(at_ms), sum(sound) from reads').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function recordIn(
  database: DatabaseSync,
  file: string,
  { store, repository }: { store: string; repository: string },
): PackRecord {
  const put = database.prepare(
    'insert or replace into reads (store, repository, pack, at_ms, sound) values (?, ?, ?, ?, ?)',
  );
  const remove = database.prepare('delete from reads where store = ? and repository = ? and pack = ?');
  const list = database.prepare('select pack, at_ms, sound from reads where store = ? and repository = ?');
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw inOurWords(error, file);
    }
  };
  const all = (): Map<string, PackRead> =>
    new Map(
      list
        .all(store, repository)
        .map((row) => [String(row['pack']), { atMs: Number(row['at_ms']), sound: row['sound'] === 1 }] as const),
    );
  return {
    all: () => guarded(all),
    note: (pack, { atMs, sound }) =>
      guarded(() => void put.run(store, repository, pack, Math.trunc(atMs), sound ? 1 : 0)),
    keepOnly: (packs) =>
      guarded(() => {
        for (const pack of all().keys()) if (!packs.has(pack)) remove.run(store, repository, pack);
      }),
    close: () => database.close(),
  };
}

/** SQLite's "not a database" and "malformed". */
const isBroken = (error: unknown): boolean => [11, 26].includes(sqliteCodeOf(error) ?? 0);

const subject = { name: 'record of what was verified', busy: 'disk.io', damaged: 'disk.io' } as const;

function inOurWords(error: unknown, file: string): LifeboatError {
  const told = inWordsOf(error, file, subject);
  if (told.code === 'disk.full') return told;
  return new LifeboatError('disk.io', `the record of what was verified cannot be used: ${messageOf(error)}`, {
    where: file,
    hint: 'It may be deleted: then everything counts as not read yet.',
    cause: error,
  });
}
