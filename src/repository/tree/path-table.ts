import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { bytesOfName, limits, sqliteCodeOf } from '../../core/index.ts';
import { scratchError } from '../scratch-error.ts';

interface Open {
  readonly database: DatabaseSync;
  readonly put: StatementSync;
  readonly get: StatementSync;
}

/**
 * Bytes by path, however many there are: memory holds `limits.pathTableCacheBytes` of them. What is more stands in a file without a name, which SQLite makes
 * where temporary files are kept (TMPDIR, else /var/tmp) when it is first needed, and which is gone when the table is closed or the process ends, in
 * whatever way. Throws `disk.full` where that disk has no room, `disk.io` where it fails.
 */
export class PathTable {
  #open: Open | undefined;

  /** In place of what was there by that path. */
  put(path: string, bytes: Uint8Array): void {
    inWords(() => void (this.#open ??= openTable()).put.run(bytesOfName(path), bytes));
  }

  get(path: string): Buffer | undefined {
    const { get } = this.#open ?? {};
    const bytes = get && inWords(() => get.get(bytesOfName(path))?.['bytes'] as Uint8Array<ArrayBuffer> | undefined);
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }
}

function openTable(): Open {
  const database = new DatabaseSync('');
  // Nothing of it is to outlive anything: no journal, no sync, and one transaction that never ends.
  database.exec(`
    pragma journal_mode = off;
    pragma synchronous = off;
    pragma cache_size = -${limits.pathTableCacheBytes / 1024};
    create table rows (path blob primary key, bytes blob not null) strict;
    begin;
  `);
  return {
    database,
    put: database.prepare('insert or replace into rows (path, bytes) values (?, ?)'),
    get: database.prepare('select bytes from rows where path = ?'),
  };
}

function inWords<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = sqliteCodeOf(error);
    if (code === undefined) throw error;
    // Result codes: 13 full; whatever else goes wrong with such a file is its disk (10 input/output, 14 cannot open).
    throw scratchError(code === 13 ? 'full' : 'failed', 'What is known of many files stands there.', error);
  }
}
