import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { LifeboatError, messageOf } from '../../core/index.ts';
import type { Newest } from '../asset.ts';
import { stopIfAsked } from '../stop.ts';

export interface Measure {
  readonly newest?: string | undefined;
  readonly rows?: string | undefined;
}

/** What the plan's queries say. Throws `asset.unreadable`, naming the query, when one fails or gives no time or number. */
export function measured(database: DatabaseSync, measure: Measure | undefined): Newest {
  const atMs = measure?.newest === undefined ? undefined : ask(database, 'newest', measure.newest, timeOf);
  const count = measure?.rows === undefined ? undefined : ask(database, 'rows', measure.rows, numberOf);
  return { ...(atMs === undefined ? {} : { atMs }), ...(count === undefined ? {} : { count }) };
}

function ask<T>(database: DatabaseSync, name: keyof Measure, sql: string, understand: (value: SQLOutputValue) => T): T {
  try {
    return understand(Object.values(database.prepare(sql).get() ?? {})[0] ?? null);
  } catch (error) {
    throw new LifeboatError('asset.unreadable', `measure.${name} does not work: ${messageOf(error)}`, {
      hint: 'Correct the query in the plan.',
      cause: error,
    });
  }
}

/** Larger numbers are milliseconds: as seconds they would lie beyond the year 5000. */
const secondsMax = 1e11;

/** Milliseconds since 1970 from ISO 8601, SQLite's own `2026-11-21 03:57:00` (which is UTC), or seconds or milliseconds since 1970. */
function timeOf(value: SQLOutputValue): number | undefined {
  if (value === null) return undefined;
  const text = String(value);
  const number = Number(text);
  if (Number.isFinite(number)) return Math.floor(Math.abs(number) < secondsMax ? number * 1000 : number);
  const bare = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)$/.exec(text);
  const ms = Date.parse(bare === null ? text : `${bare[1]}T${bare[2]}Z`);
  if (!Number.isNaN(ms)) return ms;
  throw new Error(`${JSON.stringify(text)} is no time`);
}

function numberOf(value: SQLOutputValue): number {
  const number = Number(value);
  if (value !== null && Number.isFinite(number)) return number;
  throw new Error(`${JSON.stringify(String(value))} is no number`);
}

/** Rows between two looks at the signal: other work of the process goes on meanwhile. */
const rowsAtOnce = 4_096;

/**
 * A hash over the schema and every row, in the order of the tables' keys: equal for equal data, wherever its pages lie. The
 * counters in the file's header would not do: a backup changes them in the copy, and a commit to the log does not in the source.
 */
export async function contentToken(database: DatabaseSync, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  let rows = 0;
  const things = database.prepare('select type, name, sql, rootpage from sqlite_schema order by type, name').all();
  for (const { type, name, sql, rootpage } of things) {
    hash.update(JSON.stringify([type, name, sql]));
    // A virtual table has no page of its own: what it holds stands in tables of its module, which are in this list.
    if (type !== 'table' || rootpage === 0n) continue;
    const select = database.prepare(`select * from "${String(name).replaceAll('"', '""')}"`);
    select.setReturnArrays(true);
    for (const row of select.iterate()) {
      for (const value of row as unknown as SQLOutputValue[]) addValue(hash, value);
      rows += 1;
      if (rows % rowsAtOnce !== 0) continue;
      await setImmediate();
      stopIfAsked(signal, 'measuring the database');
    }
  }
  return hash.digest('hex');
}

/** With its kind and length, so that no two rows read the same. */
function addValue(hash: ReturnType<typeof createHash>, value: SQLOutputValue): void {
  if (value === null) hash.update('n;');
  else if (typeof value === 'bigint') hash.update(`i${value};`);
  else if (typeof value === 'number') hash.update(`r${value};`);
  else if (typeof value === 'string') hash.update(`t${value.length}:${value};`);
  else hash.update(`b${value.byteLength}:`).update(value);
}
