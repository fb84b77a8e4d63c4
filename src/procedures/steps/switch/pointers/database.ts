import type { Client } from 'pg';
import { LifeboatError, limits } from '../../../../core/index.ts';
import { inDatabase, onServer, oneRow, shownServer } from '../../../hands/postgres.ts';
import { changed, keptInJournal, type Pointer } from '../pointer.ts';

/**
 * `{ database: shop, of: orders }`: which database of a server bears a name. Its value is the number that the server gives each database,
 * which a rename does not change; what bore the name before is kept as `shop_before_NUMBER`, and all in one transaction.
 */
export function databasePointer(url: string, name: string, signal: AbortSignal): Pointer {
  const shown = `the database ${name} of ${shownServer(inDatabase(url, '')).replace(/\/$/, '')}`;
  // A database cannot be renamed from inside.
  const ask = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    onServer(inDatabase(url, name === 'postgres' ? 'template1' : 'postgres'), signal, work);
  return {
    shown,
    isSecret: false,
    read: () => ask((client) => numberOf(client, name)),
    normal: async (value) => {
      const number = await ask((client) => numberOf(client, value));
      if (number !== undefined) return number;
      throw new LifeboatError('plan.invalid', `the server of ${name} has no database ${value}`);
    },
    set: (from, to) => ask((client) => rename(client, { name, shown, from, to })),
    ...keptInJournal,
  };
}

async function numberOf(client: Client, name: string): Promise<string | undefined> {
  const row = await oneRow<{ number: string } | undefined>(
    client,
    'select oid::text as number from pg_database where datname = $1',
    [name],
  );
  return row?.number;
}

interface Renaming {
  readonly name: string;
  readonly shown: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

async function rename(client: Client, wanted: Renaming): Promise<void> {
  for (let round = 1; ; round += 1) {
    try {
      await client.query('begin');
      await renameOnce(client, wanted);
      await client.query('commit');
      return;
    } catch (error) {
      await client.query('rollback');
      if (!isInUse(error) || round >= limits.sessionRoundsMax) throw error;
    }
  }
}

async function renameOnce(client: Client, { name, shown, from, to }: Renaming): Promise<void> {
  const now = await numberOf(client, name);
  if (now !== from) throw changed(shown, now === undefined ? 'nothing' : `the database with the number ${now}`);
  const names = new Map<string, string>();
  for (const number of [from, to]) {
    if (number === undefined) continue;
    const row = await oneRow<{ name: string } | undefined>(
      client,
      'select datname as name from pg_database where oid = $1::oid',
      [number],
    );
    if (row === undefined) throw changed(shown, `that the database with the number ${number} is gone`);
    names.set(number, row.name);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datid = $1::oid', [number]);
  }
  if (from !== undefined) await alter(client, name, beforeName(name, from));
  if (to !== undefined) await alter(client, names.get(to) as string, name);
}

const alter = (client: Client, from: string, to: string): Promise<unknown> =>
  client.query(`alter database ${client.escapeIdentifier(from)} rename to ${client.escapeIdentifier(to)}`);

/** PostgreSQL cuts names after 63 bytes without a word. */
const nameBytesMax = 63;

function beforeName(name: string, number: string): string {
  const end = `_before_${number}`;
  return `${Buffer.from(name)
    .subarray(0, nameBytesMax - end.length)
    .toString('utf8')
    .replace(/\uFFFD$/, '')}${end}`;
}

const isInUse = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === '55006';
