import { Socket } from 'node:net';
import type { Client, ClientConfig } from 'pg';
import { LifeboatError, messageOf, systemClock, systemCodeOf, type ErrorCode } from '../../../core/index.ts';
import { parseServerUrl } from './address.ts';
import { makeClient } from './client.ts';
import { CopySocket } from '../base/copy-socket.ts';

/** An ordinary connection. Throws `asset.unreachable`, `asset.denied`. */
export async function connect(url: string, extra: ClientConfig = {}): Promise<Client> {
  const client = makeClient(url, {
    // A network that dies without a word would otherwise hold a backup for ever.
    keepAlive: true,
    application_name: 'lifeboat',
    ...extra,
  });
  // A server that goes away tells idle connections by this event; whatever is asked next fails with the same news.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {}); // it never opened
    throw serverError(error);
  }
}

const goodbyeMs = 2_000;

/** Ends a connection, also one to a server that hangs and would never say that it heard. */
export async function endConnection(client: Client): Promise<void> {
  const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection;
  const heard = new AbortController();
  const patience = systemClock.sleep(goodbyeMs, heard.signal).then(
    () => stream.destroy(),
    () => {}, // the server heard in time
  );
  await client.end().catch(() => {}); // broken already
  heard.abort();
  await patience;
}

/** A connection that speaks the physical replication protocol. */
export const connectReplication = (
  url: string,
  applicationName = 'lifeboat',
  extra: ClientConfig = {},
): Promise<Client> =>
  connect(url, {
    ...extra,
    replication: 'true',
    application_name: applicationName,
    // Under TLS the driver puts a socket of its own on top.
    stream: ({ ssl }: { ssl?: unknown }) => ((ssl ?? false) === false ? new CopySocket() : new Socket()),
  } as unknown as ClientConfig);

/** Runs the work on a connection that is closed afterwards, whatever happens. */
export async function withConnection<T>(
  url: string,
  work: (client: Client) => Promise<T>,
  extra: ClientConfig = {},
): Promise<T> {
  const client = await connect(url, extra);
  try {
    return await work(client);
  } catch (error) {
    throw serverError(error);
  } finally {
    await client.end().catch(() => {}); // the server is gone; what was asked of it has its answer
  }
}

/** `host:port/database` of a URL, to be shown. */
export function shownServer(url: string): string {
  const { hostname, port, pathname, searchParams } = parseServerUrl(url);
  return `${searchParams.get('host') ?? (hostname || 'localhost')}:${searchParams.get('port') ?? (port || '5432')}${pathname}`;
}

/** What the server or the network said, in our words. */
export function serverError(error: unknown): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const code = systemCodeOf(error) ?? '';
  const said = messageOf(error);
  const message = isDriversWord.test(said) ? 'the server closed the connection' : said;
  const known = refusals(code, message) ?? otherFailures(code, message);
  const { as, hint } = known ?? { as: 'asset.unreachable' as const, hint: undefined };
  return new LifeboatError(as, message, { cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** What the driver says of a connection that is gone: how it came to that a server would have said itself. */
const isDriversWord =
  /^(Client (has encountered a connection error|was closed) and is not queryable|Connection terminated( unexpectedly)?)$/;

interface Known {
  readonly as: ErrorCode;
  readonly hint?: string;
}

function refusals(code: string, message: string): Known | undefined {
  if (/could not (open|read|access) (file|directory)/.test(message)) {
    return {
      as: 'asset.unreadable',
      hint: 'A file in the data directory does not belong to the server’s user: move it out, or give it to that user.',
    };
  }
  if (/no pg_hba.conf entry/.test(message)) {
    return {
      as: 'asset.denied',
      hint: 'Add lines for this user to pg_hba.conf, also one for the database "replication", and reload.',
    };
  }
  if (code.startsWith('28') || /password must be a string|SASL/.test(message))
    return { as: 'asset.denied', hint: 'Check the user and password in the url of the asset.' };
  if (
    code === '42501' ||
    /must be superuser or replication role|permission denied to (start|use) (WAL|replication)/i.test(message)
  ) {
    return {
      as: 'asset.denied',
      hint: 'Give the user the privilege: ALTER ROLE … REPLICATION; and GRANT pg_read_all_settings, pg_read_all_stats TO it.',
    };
  }
  return undefined;
}

function otherFailures(code: string, message: string): Known | undefined {
  if (/was promoted during online backup/.test(message))
    return { as: 'asset.changing', hint: 'It is no standby any more. Does the plan still name the right servers?' };
  if (/full_page_writes/.test(message))
    return { as: 'asset.unsupported', hint: 'Set full_page_writes = on at the primary, reload, and run again.' };
  if (code === '3D000') return { as: 'asset.denied', hint: 'Name a database that exists in the url of the asset.' };
  if (code === '53300' || /max_wal_senders/.test(message)) {
    return {
      as: 'asset.unreachable',
      hint: 'All connections are in use: raise max_wal_senders or max_connections, or end one.',
    };
  }
  if (/wal_level/.test(message))
    return { as: 'asset.unsupported', hint: 'Set wal_level = replica and restart the server.' };
  if (code === 'XX001' || /checksum verification fail|invalid page/i.test(message)) {
    return {
      as: 'asset.corrupt',
      hint: 'Its disk returned damaged pages. Keep the older points, and look at the server’s log for the file.',
    };
  }
  if (
    code.startsWith('57P') ||
    /closed the connection|terminated unexpectedly|ECONNRESET|EPIPE|shut(ting)? ?down/i.test(`${code} ${message}`)
  ) {
    return { as: 'asset.vanished' };
  }
  if (
    ['ECONNREFUSED', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN'].includes(code) ||
    /timeout/i.test(message)
  ) {
    return { as: 'asset.unreachable', hint: 'Is the server running, and does its address in the plan still hold?' };
  }
  return undefined;
}
