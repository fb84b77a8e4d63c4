import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LifeboatError, limits, messageOf } from '../../core/index.ts';
import { inWordsOf } from '../../journal/index.ts';

const schema = `
  create table if not exists accounts (
    name text primary key,
    role text not null,
    contact text,
    password text not null,
    created_ms integer not null,
    signed_in_ms integer
  ) strict;
  create table if not exists tokens (
    id text primary key,
    name text not null,
    role text not null,
    hash text not null unique,
    made_by text not null,
    created_ms integer not null,
    expires_ms integer not null,
    revoked_ms integer,
    used_ms integer
  ) strict;
  create table if not exists sessions (
    hash text primary key,
    account text not null,
    created_ms integer not null,
    seen_ms integer not null,
    address text not null
  ) strict;
  create index if not exists sessions_of_account on sessions (account);
`;

/** Accounts, tokens and sessions of a state folder, hashes alone, for its owner alone. Several processes may use it at once. Throws `disk.*`, `input.file`. */
export function openAccountsFile(stateFolder: string): DatabaseSync {
  const file = join(stateFolder, 'accounts.db');
  return inOurWords(file, () => {
    closeSync(openSync(file, 'a', 0o600));
    const database = new DatabaseSync(file, { timeout: limits.sqliteBusyMs });
    try {
      database.exec(`pragma journal_mode = wal; pragma synchronous = full; ${schema}`);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** All or nothing, and what is read inside is still true when it is written upon. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('begin immediate');
  try {
    const done = work();
    database.exec('commit');
    return done;
  } catch (error) {
    // After a full disk SQLite may have rolled back by itself.
    if (database.isTransaction) database.exec('rollback');
    throw error;
  }
}

function inOurWords<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const told = inWordsOf(error, file, { name: 'file of accounts', busy: 'input.file', damaged: 'input.file' });
    if (told.code.startsWith('disk.')) throw told;
    throw new LifeboatError('input.file', `the accounts cannot be opened: ${messageOf(error)}`, {
      where: file,
      hint: 'Let this user read and write there, or move the file away: then there are no accounts, and set-up begins anew.',
      cause: error,
    });
  }
}
