import type { Client } from 'pg';
import { LifeboatError } from '../../../../core/index.ts';
import { withConnection, shownServer } from '../../link/connection.ts';
import { readSettings } from '../../copy/settings.ts';
import { supportedMajors } from '../../server/index.ts';
import type { SourceIdentity } from '../../../asset.ts';
import { formatBytes } from '../../../../core/index.ts';
import type { Locale } from '../facts.ts';

export interface LogicalSource {
  readonly identity: SourceIdentity;
  readonly systemId: string;
  readonly version: string;
  readonly major: number;
  readonly superuser: string;
  /** Whether this user may read the roles’ passwords. */
  readonly rolePasswords: boolean;
  readonly roles: number;
  readonly tablespaces: readonly string[];
  readonly locale: Locale;
  readonly settings: Readonly<Record<string, string>>;
  readonly databases: readonly SourceDatabase[];
  /** Databases that are not dumped, each with the reason. */
  readonly leftOut: readonly string[];
}

export interface SourceDatabase {
  readonly name: string;
  readonly owner: string;
  readonly locale: Locale;
  readonly bytes: number;
}

/**
 * Who the server is and which databases there are to dump: the named ones, else all that accept connections.
 * Throws `asset.unreachable`, `asset.denied`, `asset.unsupported`.
 */
export const readLogicalSource = (url: string, named: readonly string[] | undefined): Promise<LogicalSource> =>
  withConnection(url, async (client) => {
    const server = await readServer(client);
    const rows = await readDatabases(client);
    const databases = chooseDatabases(rows, named);
    const bytes = databases.reduce((sum, database) => sum + database.bytes, 0);
    const description = `PostgreSQL ${server.version}, ${formatBytes(bytes)}, ${shownServer(url)}`;
    const template = rows.find(({ name }) => name === 'template0') ?? rows[0];
    if (template === undefined) throw new LifeboatError('asset.unsupported', 'the server has no database');
    return {
      ...server,
      identity: { id: server.systemId, description, bytes },
      settings: await readSettings(client),
      locale: template.locale,
      databases,
      leftOut: leftOutOf(rows, databases, named !== undefined),
    };
  });

async function readServer(client: Client) {
  const { rows } = await client.query<{
    version: string;
    number: string;
    standby: boolean;
    system: string;
    superuser: string;
    passwords: boolean;
    roles: number;
    tablespaces: string[];
  }>(
    `select current_setting('server_version') as version, current_setting('server_version_num') as number,
            pg_is_in_recovery() as standby, (select system_identifier::text from pg_control_system()) as system,
            (select rolname from pg_roles where oid = 10) as superuser,
            has_table_privilege('pg_catalog.pg_authid', 'select') as passwords,
            (select count(*)::int from pg_roles where rolname !~ '^pg_') as roles,
            array(select spcname::text from pg_tablespace where spcname not in ('pg_default', 'pg_global') order by 1) as tablespaces`,
  );
  const [row] = rows;
  if (row === undefined) throw new LifeboatError('asset.unsupported', 'the server tells nothing of itself');
  const [version = '', major] = [row.version.split(' ')[0], Math.floor(Number(row.number) / 10_000)];
  mustBeDumpable(version, major, row.standby);
  const { system: systemId, superuser, passwords: rolePasswords, roles, tablespaces } = row;
  return { systemId, version, major, superuser, rolePasswords, roles, tablespaces };
}

function mustBeDumpable(version: string, major: number, standby: boolean): void {
  if (!(supportedMajors as readonly number[]).includes(major)) {
    throw new LifeboatError(
      'asset.unsupported',
      `PostgreSQL ${version} cannot be protected: versions ${supportedMajors[0]} to ${supportedMajors.at(-1)} can`,
      { hint: 'Upgrade the server, or use the version of Lifeboat that fits it.' },
    );
  }
  if (!standby) return;
  // What its primary has acknowledged may not have come to it yet, so its clock says nothing of the data it has.
  throw new LifeboatError('asset.unsupported', 'the server is a standby, and dumps are taken from a primary', {
    hint: 'Name the primary in the url of the asset.',
  });
}

interface DatabaseRow extends SourceDatabase {
  readonly open: boolean;
  readonly allowed: boolean;
}

/** As JSON, because the columns of the catalogue differ between versions. */
async function readDatabases(client: Client): Promise<DatabaseRow[]> {
  const { rows } = await client.query<{
    row: Record<string, string | boolean | null>;
    owner: string;
    encoding: string;
    actual: string | null;
    allowed: boolean;
    bytes: string;
  }>(
    `select to_jsonb(d) - 'datacl' as row, pg_get_userbyid(datdba)::text as owner, pg_encoding_to_char(encoding) as encoding,
            pg_database_collation_actual_version(oid) as actual, has_database_privilege(oid, 'connect') as allowed,
            case when has_database_privilege(oid, 'connect') then pg_database_size(oid) else 0 end::text as bytes
     from pg_database d order by datname`,
  );
  return rows.map(({ row, owner, encoding, actual, allowed, bytes }) => ({
    name: String(row['datname']),
    owner,
    open: row['datallowconn'] === true,
    allowed,
    bytes: Number(bytes),
    locale: {
      encoding,
      provider: providerOf(row['datlocprovider']),
      collate: String(row['datcollate']),
      ctype: String(row['datctype']),
      ...textOf('locale', row['datlocale'] ?? row['daticulocale']),
      ...textOf('version', row['datcollversion']),
      ...textOf('actualVersion', actual),
    },
  }));
}

export const providerOf = (letter: unknown): Locale['provider'] =>
  letter === 'i' ? 'icu' : letter === 'b' ? 'builtin' : 'libc';

export const textOf = <Name extends string>(name: Name, value: unknown): { [key in Name]?: string } =>
  (typeof value === 'string' ? { [name]: value } : {}) as { [key in Name]?: string };

function chooseDatabases(rows: readonly DatabaseRow[], named: readonly string[] | undefined): SourceDatabase[] {
  const unknown = named?.filter((name) => !rows.some((row) => row.name === name && row.open)) ?? [];
  if (unknown.length > 0) {
    throw new LifeboatError(
      'asset.denied',
      `the server has no database ${unknown.join(', ')} that accepts connections`,
      {
        hint: 'Correct the names under "databases" of the asset.',
      },
    );
  }
  const chosen = rows.filter(({ name, open }) => (named === undefined ? open : named.includes(name)));
  const closed = chosen.filter(({ allowed }) => !allowed).map(({ name }) => name);
  if (closed.length > 0) {
    throw new LifeboatError('asset.denied', `the user may not connect to the database ${closed.join(', ')}`, {
      hint: 'GRANT CONNECT ON DATABASE … TO the user, or name the databases to protect under "databases" of the asset.',
    });
  }
  return chosen.map(({ name, owner, locale, bytes }) => ({ name, owner, locale, bytes }));
}

function leftOutOf(rows: readonly DatabaseRow[], chosen: readonly SourceDatabase[], named: boolean): string[] {
  const names = rows
    .map(({ name }) => name)
    .filter((name) => name !== 'template0' && !chosen.some((one) => one.name === name));
  if (names.length === 0) return [];
  const why = named ? 'the plan does not name it' : 'it accepts no connections';
  return names
    .filter((name) => !named || (name !== 'template1' && name !== 'postgres'))
    .map((name) => `The database ${name} is not in this point: ${why}.`);
}
