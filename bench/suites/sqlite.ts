import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { LifeboatError } from '../../src/core/index.ts';
import { numbers, prose } from '../text.ts';
import { lifeboatSqlite } from '../tools/lifeboat.ts';
import { vacuumInto } from '../tools/vacuum-into.ts';
import type { TreeSuite } from './trees.ts';

/** Text of a row, its key and what the pages lose at their edges. */
const bytesPerRow = 1000;

/** A database in WAL mode with one index, closed, so that all of it is in its file. */
export const sqliteSuite = (bytes: number): TreeSuite => ({
  name: 'sqlite',
  tools: [vacuumInto, lifeboatSqlite],
  make: async (path) => {
    const next = numbers(42);
    using database = new DatabaseSync(path);
    database.exec('pragma journal_mode = wal; create table notes (id integer primary key, changes int, body text)');
    const insert = database.prepare('insert into notes (changes, body) values (0, ?)');
    database.exec('begin');
    for (let row = 0; row < bytes / bytesPerRow; row += 1) insert.run(prose(150, next));
    database.exec('commit; create index by_changes on notes (changes)');
  },
  change: async (path, round) => {
    using database = new DatabaseSync(path);
    database.exec(`update notes set changes = changes + 1 where (id * 2654435761 >> 7) % 100 = ${round % 100}`);
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
