import type { Client, ClientConfig } from 'pg';
import { formatBytes, LifeboatError, limits, messageOf } from '../../../core/index.ts';
import type { SourceIdentity } from '../../asset.ts';
import { connectReplication, serverError, shownServer, withConnection } from './connection.ts';
import { mustAllowBackups } from '../base/source-facts.ts';
import { supportedMajors } from '../server/index.ts';

export interface ServerIdentity {
  /** Made by initdb, the same for a cluster and all its copies. */
  readonly systemId: string;
  readonly timeline: number;
  readonly major: number;
  readonly version: string;
  readonly source: SourceIdentity;
}

/** Who the server is, and that it can be backed up. Throws `asset.unreachable`, `asset.denied`, `asset.unsupported`. */
export async function identifyServer(url: string): Promise<ServerIdentity> {
  // The ordinary connection first: a server that cannot be backed up refuses the other one with a riddle.
  const { version, number, bytes, segmentBytes } = await describe(url);
  const major = Math.floor(number / 10_000);
  mustBeSupported(version, major);
  const { systemId, timeline } = await identifySystem(url);
  const description = `PostgreSQL ${version}, ${formatBytes(bytes)}, ${shownServer(url)}`;
  // A backup brings the log from its start to its end, a segment at least.
  const source = { id: systemId, description, bytes: bytes + segmentBytes };
  return { systemId, timeline, major, version, source };
}

/**
 * What the server calls its log, and that it can be backed up. Whoever waits for it must hear of a server that hangs: each answer comes within
 * `limits.streamSilenceMs`, and its size, which of many files takes long, is not asked. Throws as `identifyServer` does.
 */
export async function identifyLog(url: string): Promise<string> {
  const bounds = { query_timeout: limits.streamSilenceMs };
  const { version, number } = await withConnection(url, versionOf, bounds);
  mustBeSupported(version, Math.floor(number / 10_000));
  return (await identifySystem(url, bounds)).systemId;
}

function mustBeSupported(version: string, major: number): void {
  if (!(supportedMajors as readonly number[]).includes(major)) {
    throw new LifeboatError(
      'asset.unsupported',
      `PostgreSQL ${version} cannot be protected: versions ${supportedMajors[0]} to ${supportedMajors.at(-1)} can`,
      { hint: 'Upgrade the server, or use the version of Lifeboat that fits it.' },
    );
  }
}

/** Asked over the replication protocol: it proves in one go that the user may back up. */
async function identifySystem(url: string, bounds: ClientConfig = {}): Promise<{ systemId: string; timeline: number }> {
  const client = await connectReplication(url, undefined, bounds);
  try {
    const { rows } = await client.query<{ systemid: string; timeline: number }>('IDENTIFY_SYSTEM');
    if (rows[0] === undefined) throw new LifeboatError('asset.unsupported', 'the server does not say who it is');
    return { systemId: rows[0].systemid, timeline: Number(rows[0].timeline) };
  } catch (error) {
    throw serverError(error);
  } finally {
    await client.end().catch(() => {}); // gone already
  }
}

interface Version {
  readonly version: string;
  readonly number: number;
  readonly segmentBytes: number;
}

const describe = (url: string): Promise<Version & { readonly bytes: number }> =>
  withConnection(url, async (client) => ({ ...(await versionOf(client)), bytes: await sizeOf(client) }));

async function versionOf(client: Client): Promise<Version> {
  const { rows } = await client.query<Record<'version' | 'number' | 'segment', string>>(
    `select current_setting('server_version') as version, current_setting('server_version_num') as number,
            (select setting from pg_settings where name = 'wal_segment_size') as segment`,
  );
  await mustAllowBackups(client);
  const { version = '', number = '', segment } = rows[0] ?? {};
  return { version: version.split(' ')[0] ?? '', number: Number(number), segmentBytes: Number(segment) };
}

/** Databases that the user may not connect to are left out: it is an estimate. */
async function sizeOf(client: { query(text: string): Promise<{ rows: unknown[] }> }): Promise<number> {
  try {
    const { rows } = await client.query(
      `select sum(pg_database_size(oid))::text as bytes from pg_database where has_database_privilege(oid, 'connect')`,
    );
    return Number((rows[0] as { bytes: string | null }).bytes ?? 0);
  } catch (error) {
    throw new LifeboatError('asset.denied', `the sizes of the databases cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
