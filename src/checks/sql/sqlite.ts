import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LifeboatError, limits, messageOf } from '../../core/index.ts';
import type { CheckContext } from '../check.ts';
import { rowsMax, tooMany, type Row } from './rows.ts';

/** One statement on a SQLite file that is opened read-only; whole numbers come as bigint where they need it. */
export async function askSqlite(file: string, query: string, context: CheckContext): Promise<Row[]> {
  const path = resolve(context.root ?? context.baseFolder, file);
  if (!existsSync(path)) throw new LifeboatError('check.unanswered', `there is no database ${path}`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: limits.sqliteBusyMs, allowExtension: false });
    database.exec('pragma query_only = on');
    const statement = database.prepare(query);
    assertOne(query, statement.sourceSQL);
    statement.setReadBigInts(true);
    const rows: Row[] = [];
    for (const row of statement.iterate()) {
      if (rows.length === rowsMax) throw tooMany();
      rows.push(row as Row);
    }
    return rows;
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    throw new LifeboatError('check.unanswered', messageOf(error), { cause: error });
  } finally {
    database?.close();
  }
}

/** SQLite compiles the first statement and drops the rest in silence: what was dropped must have been nothing. */
function assertOne(query: string, compiled: string): void {
  const rest = query.slice(query.indexOf(compiled) + compiled.length);
  if (rest.replaceAll(/--.*$|\/\*[^]*?\*\/|[\s;]/gm, '') === '') return;
  throw new LifeboatError('check.unanswered', 'a check is one statement, this one has more');
}
