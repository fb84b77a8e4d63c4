import type { Client } from 'pg';
import { LifeboatError } from '../../../core/index.ts';
import { readSettings } from '../copy/settings.ts';

/** What a backup must know of its source, and a copy of its origin. */
export interface SourceFacts {
  readonly major: number;
  readonly encoding: string;
  /** Of a page, and how many of them a file of a table holds before the next one is begun. */
  readonly blockBytes: number;
  readonly segmentPages: number;
  /** Whether the server keeps a checksum of every page. */
  readonly pageChecksums: boolean;
  /** The name of the first superuser, the only role that every cluster has. */
  readonly superuser: string;
  /** Permission bits of the data directory: 0o700, or 0o750 for a cluster that lets its group read. */
  readonly folderMode: number;
  readonly tablespaces: readonly Tablespace[];
  readonly settings: Readonly<Record<string, string>>;
}

/** One that the cluster was not born with. */
export interface Tablespace {
  readonly id: string;
  /** A plain folder inside the data directory, as in a restored copy, instead of a link to elsewhere. */
  readonly inPlace: boolean;
}

type Asked = 'encoding' | 'checksums' | 'superuser' | 'mode' | 'number' | 'block' | 'segment';

/** Throws `asset.unsupported` for a server that cannot be backed up, with the setting that would change it. */
export async function readSourceFacts(client: Client): Promise<SourceFacts> {
  await mustAllowBackups(client);
  const { rows } = await client.query<Record<Asked, string>>(
    `select current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
            current_setting('server_version_num') as number, current_setting('block_size') as block,
            (select setting from pg_settings where name = 'segment_size') as segment,
            (select rolname from pg_roles where oid = 10) as superuser, current_setting('data_directory_mode') as mode`,
  );
  const row = rows[0];
  if (row === undefined) throw new LifeboatError('asset.unsupported', 'the server tells nothing of itself');
  return {
    major: Math.floor(Number(row.number) / 10_000),
    blockBytes: Number(row.block),
    segmentPages: Number(row.segment),
    encoding: row.encoding,
    pageChecksums: row.checksums === 'on',
    superuser: row.superuser,
    folderMode: Number.parseInt(row.mode, 8),
    tablespaces: await tablespacesOf(client),
    settings: await readSettings(client),
  };
}

/** Asked in words of our own: the server's refusals come late and name no remedy. */
export async function mustAllowBackups(client: Client): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; level: string; senders: string }>(
    `select pg_is_in_recovery() as standby, current_setting('wal_level') as level,
            current_setting('max_wal_senders') as senders`,
  );
  const row = rows[0];
  if (row?.standby === true) {
    throw new LifeboatError('asset.unsupported', 'the server is a standby, and the url of an asset names the primary', {
      hint: 'Name the primary in the url of the asset; and this server under `standby`, if points are to be read from it.',
    });
  }
  if (row?.level === 'minimal' || row?.senders === '0') {
    throw new LifeboatError(
      'asset.unsupported',
      `the server writes too little log for a backup: wal_level is ${row.level}, max_wal_senders is ${row.senders}`,
      { hint: 'Set wal_level = replica and max_wal_senders = 10, and restart the server.' },
    );
  }
}

/**
 * A tablespace that came or went while the backup ran is in its log with the place it has on the source: a copy that replays it
 * would go to that place, and on the source's own machine it would find the source's files there. Such a backup is refused.
 */
export async function mustHaveSameTablespaces(client: Client, before: readonly Tablespace[]): Promise<void> {
  const after = await tablespacesOf(client);
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  throw new LifeboatError('asset.changing', 'a tablespace was made or dropped while the backup ran', {
    hint: 'Run the backup again.',
  });
}

/** What of a standby is its own: the rest it has from its primary. */
export async function readPlace(client: Client): Promise<Pick<SourceFacts, 'folderMode' | 'tablespaces'>> {
  const { rows } = await client.query<{ mode: string }>(`select current_setting('data_directory_mode') as mode`);
  return { folderMode: Number.parseInt(rows[0]?.mode ?? '0700', 8), tablespaces: await tablespacesOf(client) };
}

async function tablespacesOf(client: Client): Promise<Tablespace[]> {
  const { rows } = await client.query<Tablespace>(
    `select oid::text as id, pg_tablespace_location(oid) not like '/%' as "inPlace"
     from pg_tablespace where spcname not in ('pg_default', 'pg_global') order by oid`,
  );
  return rows;
}
