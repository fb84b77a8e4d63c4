import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { LifeboatError } from '../../src/core/index.ts';
import { numbers, prose } from '../text.ts';
import { lifeboatSqlite } from '../tools/lifeboat.ts';
import { litestream } from '../tools/litestream.ts';
import { vacuumInto } from '../tools/vacuum-into.ts';
import type { TreeSuite } from './trees.ts';

/** Text of a row, its key and what the pages lose at their edges. */
const bytesPerRow = 1000;
/** Between these the bench can be interrupted. */
const rowsAtOnce = 10_000;

/**
 * A database in WAL mode with one index, and an application that reads in it for as long as a round lasts, so that no log is
 * moved into the database and begun anew by whoever comes and goes: Litestream, when it is not there all day, would have to
 * begin anew too.
 */
export const sqliteSuite = (bytes: number): TreeSuite => ({
  name: 'sqlite',
  tools: [vacuumInto, litestream, lifeboatSqlite],
  again: false,
  make: async (path, signal) => {
    const next = numbers(42);
    using database = new DatabaseSync(path);
    database.exec('pragma journal_mode = wal; create table notes (id integer primary key, changes int, body text)');
    const insert = database.prepare('insert into notes (changes, body) values (0, ?)');
    database.exec('begin');
    for (let row = 0; row < bytes / bytesPerRow; row += 1) {
      insert.run(prose(150, next));
      if (row % rowsAtOnce > 0) continue;
      await setImmediate();
      signal.throwIfAborted();
    }
    database.exec('commit; create index by_changes on notes (changes)');
  },
  open: (path) => {
    const application = new DatabaseSync(path);
    application.exec('begin; select count(*) from sqlite_schema');
    return () => application.close();
  },
  change: async (path, round) => {
    using database = new DatabaseSync(path);
    database.exec(`pragma wal_autocheckpoint = 0;
      update notes set changes = changes + 1 where (id * 2654435761 >> 7) % 100 = ${round % 100}`);
  },
  compare: async (source, copy) => {
    if (contentOf(source) === contentOf(copy)) return;
    throw new LifeboatError('process.failed', 'the restored rows are not those of the source');
  },
});

function contentOf(path: string): string {
  using database = new DatabaseSync(path);
  const hash = createHash('sha256');
  for (const { id, changes, body } of database.prepare('select id, changes, body from notes order by id').iterate())
    hash.update(`${id} ${changes} ${body}\n`);
  return hash.digest('hex');
}
