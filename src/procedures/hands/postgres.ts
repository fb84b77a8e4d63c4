import { Client } from 'pg';
import {
  isSecretSource,
  LifeboatError,
  limits,
  messageOf,
  readText,
  Secret,
  type SecretSource,
} from '../../core/index.ts';
import type { Plan } from '../../plan/index.ts';

/** Where the server of an asset answers, as the plan says it. Throws `plan.unknown_name`, `secret.unset`. */
export async function serverUrlOf(plan: Plan, asset: string): Promise<string> {
  const source = urlSourceOf(plan.assets.get(asset)?.settings);
  if (source === undefined) {
    throw new LifeboatError('plan.unknown_name', `the plan has no PostgreSQL ${asset} with a url`, {
      hint: 'Name an asset of type postgres.',
    });
  }
  return new Secret(await readText(source)).reveal();
}

export function urlSourceOf(settings: unknown): string | SecretSource | undefined {
  if (typeof settings !== 'object' || settings === null || !('url' in settings)) return undefined;
  const { url } = settings;
  return typeof url === 'string' || isSecretSource(url) ? url : undefined;
}

/** The same server, another database. */
export function inDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  return other.href;
}

/**
 * Work on a connection of its own, which ends with it, or when the signal fires. `unbounded`: what is said there may take as long as it takes, and
 * whoever fires the signal ends it in the server too. Throws `target.unreachable`, `target.refused`.
 */
export async function onServer<T>(
  url: string,
  signal: AbortSignal | undefined,
  work: (client: Client) => Promise<T>,
  { unbounded = false } = {},
): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    application_name: 'lifeboat',
    ...(unbounded
      ? { statement_timeout: 0, keepAlive: true }
      : {
          statement_timeout: limits.serverAnswerMs,
          query_timeout: limits.serverAnswerMs + limits.connectTimeoutMs,
        }),
  });
  // The connection may also die between two questions; the next one reports it.
  client.on('error', () => {});
  const onAbort = (): void => void client.end().catch(() => {}); // whoever aborted does not wait for a polite end
  signal?.addEventListener('abort', onAbort, { once: true });
  let connected = false;
  try {
    await client.connect();
    connected = true;
    return await work(client);
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    const code = connected || isRefusal(error) ? 'target.refused' : 'target.unreachable';
    throw new LifeboatError(code, `${shownServer(url)}: ${messageOf(error)}`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await client.end().catch(() => {}); // it is gone already
  }
}

/** The server itself answered and said no: wrong password, no such database, no right. */
const isRefusal = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(28|3D|42|53)/.test(error.code);

export function shownServer(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
}

/** One row of one question. */
export async function oneRow<T>(client: Client, text: string, values: readonly unknown[] = []): Promise<T> {
  const { rows } = await client.query(text, [...values]);
  return rows[0] as T;
}
