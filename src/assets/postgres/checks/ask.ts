import type { Client } from 'pg';
import type { CheckContext, Observation } from '../../../checks/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import { withDatabase } from '../copy/check.ts';
import { connect, endConnection, serverError, withConnection } from '../link/connection.ts';

/** Reading all of a large database takes hours; a plan that wants less says `timeout:`. */
export const wholeMs = 12 * 3_600_000;
const shownMax = 5;

/** Of a check that belongs to an asset of type postgres. Throws `check.unanswered`. */
export function serverOf({ databaseUrl }: CheckContext): string {
  if (databaseUrl !== undefined && /^postgres(ql)?:\/\//i.test(databaseUrl)) return databaseUrl;
  throw new LifeboatError('check.unanswered', 'the check asks a PostgreSQL, and belongs to none', {
    hint: 'Put it under an asset of type postgres.',
  });
}

/** Every database that lets people in, one after the other. The work ends when the check is stopped. */
export async function inEachDatabase(
  context: CheckContext,
  work: (client: Client, database: string) => Promise<void>,
): Promise<void> {
  const url = serverOf(context);
  const names = await withConnection(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'select datname as name from pg_database where datallowconn order by 1',
    );
    return rows.map(({ name }) => name);
  });
  for (const name of names) await onConnection(withDatabase(url, name), context, (client) => work(client, name));
}

/** Row security would hide rows without a word; so it is an error. */
export async function onConnection<T>(
  url: string,
  { signal }: CheckContext,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const client = await connect(url, { application_name: 'lifeboat-check' });
  const onAbort = (): void => void endConnection(client);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await client.query(`set row_security = off; set client_connection_check_interval = '500ms'`);
    return await work(client);
  } catch (error) {
    signal?.throwIfAborted();
    throw serverError(error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await endConnection(client);
  }
}

/** Green when nothing was found wrong and something was looked at. */
export function observationOf(wrong: readonly string[], looked: number, what: string, expected: string): Observation {
  const more = wrong.length > shownMax ? `; and ${wrong.length - shownMax} more` : '';
  const observed = wrong.length === 0 ? `${looked} ${what}` : `${wrong.slice(0, shownMax).join('; ')}${more}`;
  return { variables: { wrong: wrong.length, looked }, ok: wrong.length === 0 && looked > 0, expected, observed };
}
