import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { LifeboatError, limits, redactData, type Clock } from '../core/index.ts';
import { beginning, canonical, hashOf, type JournalRow as Row } from './chain.ts';
import type { Journal, JournalHead, JournalRecord, RecordFilter } from './journal.ts';
import { inWordsOf, type Subject } from './sqlite-words.ts';
import { asRecords, merged, rememberedSchema, rememberRows, type RememberedRow } from './remembered.ts';

const schema = `
  create table if not exists records (
    sequence integer primary key,
    at_ms integer not null,
    host text not null,
    kind text not null,
    run text,
    data text not null,
    hash text not null
  ) strict;
  create index if not exists records_of_run on records (run) where run is not null;
  create index if not exists records_of_kind on records (kind);
  create table if not exists head (
    one integer primary key check (one = 1),
    sequence integer not null,
    hash text not null
  ) strict;
  create trigger if not exists never_replaced before insert on records
    when new.sequence <> (select coalesce(max(sequence), 0) + 1 from records)
    begin select raise(abort, 'a journal is only added to'); end;
  create trigger if not exists head_kept before delete on head begin select raise(abort, 'a journal is only added to'); end;
  create trigger if not exists head_grows before update on head
    when new.sequence <> old.sequence + 1
    begin select raise(abort, 'a journal is only added to'); end;
  create trigger if not exists never_changed before update on records begin select raise(abort, 'a journal is only added to'); end;
  create trigger if not exists never_removed before delete on records begin select raise(abort, 'a journal is only added to'); end;
`;

const moveHead = `
  insert into head (one, sequence, hash) values (1, ?, ?)
  on conflict (one) do update set sequence = excluded.sequence, hash = excluded.hash
`;

/**
 * Opens or makes the journal in this file. Throws `journal.busy`, `journal.damaged` if the file is no journal, `disk.*`.
 */
export function openJournal(file: string, { clock, host }: { clock: Clock; host: string }): Journal {
  const database = inOurWords(file, () => new DatabaseSync(file, { timeout: limits.sqliteBusyMs }));
  try {
    inOurWords(file, () => prepare(database));
  } catch (error) {
    database.close();
    throw error;
  }
  return new SqliteJournal(database, file, clock, host);
}

function prepare(database: DatabaseSync): void {
  database.exec('pragma journal_mode = wal; pragma synchronous = full;');
  // What was added to it last: a journal of an earlier program gets what it lacks.
  const made = "select 1 from sqlite_schema where name = 'remembered_by_sequence'";
  if (database.prepare(made).get() !== undefined) return;
  inTransaction(database, () => database.exec(`${schema} ${rememberedSchema}`));
}

/** Takes the lock for writing first: what is read inside is still true when it is written upon. */
function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('begin immediate');
  try {
    const done = work();
    database.exec('commit');
    return done;
  } catch (error) {
    // After a full disk or a read error SQLite may have rolled back by itself.
    if (database.isTransaction) database.exec('rollback');
    throw error;
  }
}

class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #host: string;

  constructor(database: DatabaseSync, file: string, clock: Clock, host: string) {
    this.#database = database;
    this.#file = file;
    this.#clock = clock;
    this.#host = host;
  }

  append(kind: string, data: Record<string, unknown>, of: { run?: string } = {}): JournalRecord {
    const text = canonical(redactData(data));
    return inOurWords(this.#file, () =>
      inTransaction(this.#database, () => {
        const last = this.#database.prepare('select sequence, hash from records order by sequence desc limit 1').get();
        const row = {
          sequence: Number(last?.['sequence'] ?? 0) + 1,
          at_ms: Math.trunc(this.#clock.now()),
          host: this.#host,
          kind,
          run: of.run ?? null,
          data: text,
        };
        const hash = hashOf(String(last?.['hash'] ?? beginning), row);
        this.#database
          .prepare('insert into records (sequence, at_ms, host, kind, run, data, hash) values (?, ?, ?, ?, ?, ?, ?)')
          .run(row.sequence, row.at_ms, row.host, row.kind, row.run, row.data, hash);
        this.#database.prepare(moveHead).run(row.sequence, hash);
        return recordOf({ ...row, hash });
      }),
    );
  }

  records(filter: RecordFilter = {}): JournalRecord[] {
    const { where, values } = conditionsOf(filter);
    return inOurWords(this.#file, () => {
      const all = (table: string, order: string): unknown[] =>
        this.#database.prepare(`select * from ${table} ${where} order by ${order}`).all(...values);
      const isBack = filter.before !== undefined;
      const most = filter.most === undefined ? '' : ` limit ${Math.trunc(filter.most)}`;
      const order = `sequence${isBack ? ' desc' : ''}${most}`;
      const own = filter.others === true ? [] : all('records', order).map((row) => this.#read(row as Row));
      if (isBack) return own.toReversed();
      if (filter.own === true || filter.after !== undefined) return own;
      const rows = all('remembered', 'at_ms, number') as RememberedRow[];
      const find = this.#database.prepare('select number from remembered where chain = ? and sequence = ?');
      const numberOf = (chain: string, sequence: number): number => -Number(find.get(chain, sequence)?.['number'] ?? 0);
      return merged(asRecords(rows, numberOf), own);
    });
  }

  last(): number {
    const select = 'select max(sequence) as last from records';
    return inOurWords(this.#file, () => Number(this.#database.prepare(select).get()?.['last'] ?? 0));
  }

  rows(after: number, most: number): Row[] {
    const select = 'select * from records where sequence > ? order by sequence limit ?';
    return inOurWords(this.#file, () => this.#database.prepare(select).all(after, most) as unknown as Row[]);
  }

  remember(chain: string, rows: readonly Row[]): number {
    return inOurWords(this.#file, () => inTransaction(this.#database, () => rememberRows(this.#database, chain, rows)));
  }

  verify(known?: JournalHead): JournalHead {
    return inOurWords(this.#file, () => {
      // One moment for the records and their head, while other processes append.
      this.#database.exec('begin');
      try {
        return this.#verify(known);
      } finally {
        if (this.#database.isTransaction) this.#database.exec('rollback');
      }
    });
  }

  #verify(known: JournalHead | undefined): JournalHead {
    let head = beginning;
    let records = 0;
    for (const found of this.#database.prepare('select * from records order by sequence').iterate()) {
      const row = found as unknown as Row;
      records += 1;
      if (row.sequence !== records) throw this.#damaged(records, 'is missing');
      head = hashOf(head, row);
      if (row.hash !== head) throw this.#damaged(records, 'is not as it was written');
      if (known?.records === records && known.head !== head) throw this.#damaged(records, 'was another one before');
    }
    if (known !== undefined && known.records > records) throw this.#damaged(records + 1, 'is missing');
    const last = this.#database.prepare('select sequence, hash from head').get();
    if (Number(last?.['sequence'] ?? 0) !== records) throw this.#damaged(records + 1, 'is missing');
    if (String(last?.['hash'] ?? beginning) !== head) throw this.#damaged(records, 'is not as it was written');
    return { records, head };
  }

  close(): void {
    this.#database.close();
  }

  #read(row: Row): JournalRecord {
    try {
      return recordOf(row);
    } catch {
      // Only text that is no JSON fails here, and we write nothing else.
      throw this.#damaged(row.sequence, 'is not as it was written');
    }
  }

  #damaged(sequence: number, what: string): LifeboatError {
    return new LifeboatError('journal.damaged', `record ${sequence} of the journal ${what}`, {
      where: this.#file,
      hint: 'Everything before it is proved; everything from there on is not.',
    });
  }
}

function conditionsOf(filter: RecordFilter): {
  where: string;
  values: SQLInputValue[];
} {
  const conditions: string[] = [];
  const values: SQLInputValue[] = [];
  if (filter.run !== undefined) {
    conditions.push('run = ?');
    values.push(filter.run);
  }
  if (filter.after !== undefined) {
    conditions.push('sequence > ?');
    values.push(filter.after);
  }
  if (filter.before !== undefined) {
    conditions.push('sequence < ?');
    values.push(filter.before);
  }
  if (filter.kinds !== undefined) {
    conditions.push(`(${filter.kinds.map(() => 'kind glob ?').join(' or ') || 'false'})`);
    values.push(...filter.kinds);
  }
  return { where: conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`, values };
}

const recordOf = (row: Omit<Row, 'host'>): JournalRecord => ({
  sequence: row.sequence,
  atMs: row.at_ms,
  kind: row.kind,
  run: row.run ?? undefined,
  data: JSON.parse(row.data) as Record<string, unknown>,
  hash: row.hash,
});

const subject: Subject = { name: 'journal', busy: 'journal.busy', damaged: 'journal.damaged' };

function inOurWords<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inWordsOf(error, file, subject);
  }
}
