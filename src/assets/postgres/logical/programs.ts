import { access, constants, readdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isLifeboatError, LifeboatError, mustSucceed, systemCodeOf } from '../../../core/index.ts';
import { findPrograms, supportedMajors, type ServerPrograms } from '../server/index.ts';

/** `pg_dump`, `pg_dumpall`, `pg_restore` and `psql` of one version, in one folder. */
export interface ClientPrograms {
  readonly major: number;
  readonly version: string;
  readonly folder: string;
}

/**
 * The programs that dump a server: of its own major version, else of the next newer one, for an older pg_dump refuses a newer server.
 * Throws `asset.tool_missing` with what there is and what to install.
 */
export async function findDumpPrograms(serverMajor: number): Promise<ClientPrograms> {
  const present = await findClients();
  const fitting = present.find(({ major }) => major >= serverMajor);
  if (fitting !== undefined) return fitting;
  throw new LifeboatError(
    'asset.tool_missing',
    `a server of PostgreSQL ${serverMajor} is dumped by pg_dump ${serverMajor} or newer, and this machine has ${shown(present)}`,
    {
      hint: `Install it: apt-get install postgresql-client-${serverMajor}. Or back the server up with method: physical, which needs no client programs.`,
    },
  );
}

/**
 * A server to restore into and the programs to do it with. The server is not older than the dump’s source nor than the pg_dump that
 * wrote it, whose statements an older one does not know; pg_restore is not older than that pg_dump, whose format it could not read,
 * nor newer than the server. Of several the oldest: the nearest to the source. Throws `asset.tool_missing`.
 */
export async function findRestorePrograms(
  sourceMajor: number,
  dumpMajor: number,
): Promise<{ server: ServerPrograms; clients: ClientPrograms }> {
  const least = Math.max(sourceMajor, dumpMajor);
  const present = await findClients();
  const servers: number[] = [];
  for (const major of supportedMajors.filter((one) => one >= least)) {
    const server = await serverIfPresent(major);
    if (server === undefined) continue;
    servers.push(major);
    const clients = present.findLast((one) => one.major >= dumpMajor && one.major <= major);
    if (clients !== undefined) return { server, clients };
  }
  throw new LifeboatError(
    'asset.tool_missing',
    `a dump of PostgreSQL ${sourceMajor} by pg_dump ${dumpMajor} needs a server of PostgreSQL ${least} or newer and pg_restore from ` +
      `${dumpMajor} up to that server’s version; this machine has servers: ${servers.join(', ') || 'none'}; clients: ${shown(present)}`,
    { hint: `Install them: apt-get install postgresql-${least} postgresql-client-${least}` },
  );
}

const shown = (present: readonly ClientPrograms[]): string =>
  present.length === 0 ? 'none' : present.map(({ version, folder }) => `${version} in ${folder}`).join(', ');

async function serverIfPresent(major: number): Promise<ServerPrograms | undefined> {
  try {
    return await findPrograms(major);
  } catch (error) {
    if (isLifeboatError(error, 'asset.tool_missing')) return undefined;
    throw error;
  }
}

const clientNames = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql'] as const;

/** All that this machine has, the oldest first; the system’s before those on the PATH. */
async function findClients(): Promise<ClientPrograms[]> {
  const folders = [
    ...(await versionFolders('/usr/lib/postgresql', /^\d+$/)),
    ...(await versionFolders('/usr', /^pgsql-\d+$/)),
    ...(process.env['PATH'] ?? '').split(':').filter((part) => part.startsWith('/')),
  ];
  const found: ClientPrograms[] = [];
  for (const folder of new Set(folders)) {
    const clients = await clientsIn(folder);
    if (clients !== undefined && !found.some(({ major }) => major === clients.major)) found.push(clients);
  }
  return found.sort((a, b) => a.major - b.major);
}

async function versionFolders(parent: string, name: RegExp): Promise<string[]> {
  try {
    return (await readdir(parent)).filter((entry) => name.test(entry)).map((entry) => join(parent, entry, 'bin'));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function clientsIn(folder: string): Promise<ClientPrograms | undefined> {
  for (const name of clientNames) if (!(await isProgram(join(folder, name)))) return undefined;
  const dump = join(folder, 'pg_dump');
  // Debian’s wrapper chooses a version by rules of its own; the programs that it chooses from are found without it.
  if (basename(await realpath(dump)) === 'pg_wrapper') return undefined;
  const version = /\(PostgreSQL\) (\S+)/.exec((await mustSucceed([dump, '--version'])).stdout)?.[1];
  const major = Number.parseInt(version ?? '', 10);
  return version === undefined || !Number.isInteger(major) ? undefined : { major, version, folder };
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false, // whatever keeps us from running it keeps us from using it
  );
