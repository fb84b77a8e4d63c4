import { mkdir, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes, LifeboatError, messageOf, systemCodeOf } from '../../../../core/index.ts';
import type { ApplyOptions } from '../../../asset.ts';
import type { PointContents } from '../../../entry.ts';
import { stopIfAsked } from '../../../stop.ts';
import { connect, serverError, withConnection } from '../../link/connection.ts';
import type { ServerPrograms } from '../../server/index.ts';
import { stripStaleSettings } from '../../copy/settings.ts';
import { logBytesMax, makeRestoreTarget, type RestoreTarget } from './cluster.ts';
import { mustBeAllThere } from './compare.ts';
import { databaseList, dumpFactsOf, type DatabaseList, type DumpedDatabase, type DumpFacts } from '../facts.ts';
import { writeMark } from './mark.ts';
import { findRestorePrograms, type ClientPrograms } from '../programs.ts';
import { mustHaveAllNeeded } from './requirements.ts';
import { restoreDatabase, restoreGlobals, type Restoring } from './restore-database.ts';

/**
 * Makes a new cluster in `staging`, restores roles and databases into it, compares them with what the point says, and stops it. See
 * `Asset.apply`. The dumps pass through a folder beside it, one at a time.
 *
 * Throws `asset.tool_missing` before anything is restored if a program, an extension or a locale is missing, `restore.no_room`, and
 * `restore.check_failed` for whatever went wrong in the database: then the cluster is stopped cleanly and can be looked at.
 */
export async function applyDump(point: PointContents, staging: string, options: ApplyOptions): Promise<void> {
  const { progress } = options;
  const facts = dumpFactsOf(point.facts);
  const { server, clients } = await findRestorePrograms(facts.major, facts.dumpMajor);
  if (server.major !== facts.major)
    progress.note(`The dump of PostgreSQL ${facts.version} is restored into PostgreSQL ${server.major}.`);
  await mustHaveRoom(facts, staging);
  await restoreInto(staging, { point, facts, clients, server, options });
}

interface Work {
  readonly point: PointContents;
  readonly facts: DumpFacts;
  readonly clients: ClientPrograms;
  readonly server: ServerPrograms;
  readonly options: ApplyOptions;
}

async function restoreInto(staging: string, { point, facts, clients, server, options }: Work): Promise<void> {
  const { progress, signal } = options;
  const folder = `${staging}.dump`;
  let target: RestoreTarget | undefined;
  try {
    target = await makeRestoreTarget(facts, server, staging, signal);
    await mustHaveAllNeeded(facts, target.urlOf('template1'));
    await mkdir(folder, { mode: 0o700 });
    const restoring: Restoring = { point, clients, target, superuser: facts.superuser, signal };
    await restoreGlobals(restoring);
    await mustHaveAllRoles(facts, target);
    for (const database of inOrder(facts.databases)) {
      stopIfAsked(signal, 'the restore');
      progress.phase(`restoring the database ${database.name}`, { bytes: database.bytes });
      await restoreDatabase(restoring, database, folder);
      stopIfAsked(signal, 'the restore');
      await compareAndAnalyze(database, await listOf(point, database), target);
    }
    await writeMark(staging, facts, target.urlOf('template1'));
    await target.finish();
    await stripStaleSettings(staging);
  } catch (error) {
    // Asked while everything still lies there.
    throw (await isFull(error, staging)) ? noRoom(error, staging) : error;
  } finally {
    await target?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Whoever met it: a program, the server, or we ourselves. A server that finds no room for its log ends without a word to its clients:
 * then the disk tells.
 */
async function isFull(error: unknown, staging: string): Promise<boolean> {
  if (['ENOSPC', 'EDQUOT', '53100'].includes(systemCodeOf(error) ?? '')) return true;
  if (/no space left on device|disk quota exceeded/i.test(messageOf(error))) return true;
  const { bavail, bsize } = await statfs(dirname(staging));
  return bavail * bsize < leastFreeBytes;
}

/** A server needs room for a segment of its log at any time. */
const leastFreeBytes = 16 * 2 ** 20;

/** Nothing is kept of such a restore: what lies there would only keep the disk full. */
const noRoom = (error: unknown, staging: string): LifeboatError =>
  new LifeboatError('restore.no_room', `the disk of ${dirname(staging)} became full during the restore`, {
    hint: 'Free some, or name another target.',
    cause: error,
  });

/** Bytes that a restore needs: the databases with their indexes, the log of making them, and the largest dump as a file. */
export function roomNeeded({ databases }: DumpFacts): number {
  const restored = databases.reduce((sum, { sourceBytes }) => sum + sourceBytes, 0);
  return restored + Math.min(restored, logBytesMax) + Math.max(0, ...databases.map(({ bytes }) => bytes));
}

async function mustHaveRoom(facts: DumpFacts, staging: string): Promise<void> {
  const parent = dirname(staging);
  const { bavail, bsize } = await statfs(parent);
  const needed = roomNeeded(facts);
  if (bavail * bsize >= needed) return;
  throw new LifeboatError(
    'restore.no_room',
    `${parent} has ${formatBytes(bavail * bsize)} free, the restore needs about ${formatBytes(needed)}`,
    {
      hint: 'Name a target on a larger disk.',
    },
  );
}

/** The two that every cluster is born with first: while one of them is replaced, the other is needed. */
const inOrder = (databases: readonly DumpedDatabase[]): DumpedDatabase[] => {
  const rank = ({ name }: DumpedDatabase): number => (name === 'template1' ? 0 : name === 'postgres' ? 1 : 2);
  return databases.toSorted((a, b) => rank(a) - rank(b));
};

async function mustHaveAllRoles(facts: DumpFacts, target: RestoreTarget): Promise<void> {
  const found = await withConnection(target.urlOf('template1'), async (client) => {
    const { rows } = await client.query<{ roles: number; tablespaces: string[]; outside: number }>(
      `select (select count(*)::int from pg_roles where rolname !~ '^pg_') as roles,
              array(select spcname::text from pg_tablespace where spcname not in ('pg_default', 'pg_global') order by 1) as tablespaces,
              (select count(*)::int from pg_tablespace where pg_tablespace_location(oid) like '/%') as outside`,
    );
    return rows[0];
  });
  if (
    found?.roles === facts.roles &&
    found.outside === 0 &&
    JSON.stringify(found.tablespaces) === JSON.stringify(facts.tablespaces)
  )
    return;
  throw new LifeboatError(
    'restore.check_failed',
    `the copy has ${found?.roles} roles and ${found?.tablespaces.length} tablespaces (${found?.outside} of them outside its folder) instead of ` +
      `${facts.roles} and ${facts.tablespaces.length}`,
  );
}

async function listOf(point: PointContents, { path, name }: DumpedDatabase): Promise<DatabaseList> {
  const pieces: Uint8Array[] = [];
  for await (const piece of point.read(`${path}.json`)) pieces.push(Buffer.from(piece));
  const parsed = databaseList.safeParse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new LifeboatError('asset.foreign', `the list of what ${name} holds cannot be read`, { cause: parsed.error });
}

/** A copy without statistics answers, but slowly: the first minutes of its life are the ones that count. */
async function compareAndAnalyze(database: DumpedDatabase, list: DatabaseList, target: RestoreTarget): Promise<void> {
  const client = await connect(target.urlOf(database.name), {
    options: '-c statement_timeout=0 -c default_transaction_read_only=off -c session_preload_libraries=',
  });
  try {
    await mustBeAllThere(client, database, list);
    await client.query('analyze');
  } catch (error) {
    throw serverError(error);
  } finally {
    await client.end().catch(() => {}); // what was asked has its answer
  }
}
