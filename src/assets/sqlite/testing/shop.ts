import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { checkKinds } from '../../../checks/index.ts';
import { systemClock } from '../../../core/index.ts';
import type { Asset } from '../../asset.ts';
import { sqliteKind, type SqliteSettings } from '../index.ts';

export const opened = (path: string, measure?: SqliteSettings['measure']): Asset =>
  sqliteKind.open('catalog', { path, measure }, { baseFolder: '/', clock: systemClock, checkKinds });

const schema = `
  create table products (id integer primary key, name text not null, price real, picture blob);
  create table orders (id integer primary key, product integer references products (id), at text);
  create index orders_by_time on orders (at);
  insert into products values (1, 'tea', 1.5, x'00ff'), (2, 'large', null, null), (9223372036854775807, 'last', -0.0, null);
  insert into orders values (1, 1, '2026-11-21 10:00:00'), (2, 2, '2026-11-21 10:00:05');
`;

/** A small shop with products and orders. */
export function make(path: string, mode: 'wal' | 'delete', ...more: string[]): void {
  using database = new DatabaseSync(path);
  for (const sql of [`pragma journal_mode = ${mode}`, schema, ...more]) database.exec(sql);
}

/** Takes one entry out of an index and leaves its table alone, by writing bytes: no SQL can do that. */
export async function damageIndex(path: string): Promise<void> {
  let page: number;
  let size: number;
  {
    using database = new DatabaseSync(path);
    page = Number(
      database.prepare(`select rootpage from sqlite_schema where name = 'orders_by_time'`).get()?.['rootpage'],
    );
    size = Number(database.prepare('pragma page_size').get()?.['page_size']);
  }
  const file = await open(path, 'r+');
  const start = (page - 1) * size;
  const bytes = (await file.read(Buffer.alloc(size), 0, size, start)).buffer;
  const at = bytes.indexOf('10:00:05');
  bytes.write('10:00:06', at);
  await file.write(bytes, 0, size, start);
  await file.close();
}
