import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { BigIntStats } from 'node:fs';
import { systemCodeOf } from '../../../core/index.ts';
import { ownFiles, relationOf } from '../layout.ts';

/** Something in a data directory that belongs into a backup. */
export interface Found {
  /** Relative to the data directory, through the links of tablespaces. */
  readonly path: string;
  readonly type: 'file' | 'folder';
  /** Where it is. */
  readonly place: string;
  readonly stat: BigIntStats;
}

/** Folders whose contents belong to the running server (backup.sgml); they are made anew, empty. */
const emptied = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);

const leftOut =
  /^(backup_label|tablespace_map|backup_manifest|postmaster\.pid|postmaster\.opts|postgresql\.auto\.conf\.tmp|current_logfiles\.tmp)$/;
const leftOutAnywhere = /^(pgsql_tmp|pg_internal\.init)/;
const databaseFolder = /(^|\/)(base|PG_\d+_\d+)\/\d+$/;
/** Of a session's temporary table: the server itself removes it when it starts. */
const temporary = /^t\d+_\d+(_(fsm|vm|init))?(\.\d+)?$/;
/** Comes last, when all that it may speak of is there. */
const controlFile = 'global/pg_control';

/**
 * Walks a data directory as the server does for its own base backups. What comes or goes meanwhile is normal: replay of the log
 * makes or removes it. `skipped` is told of what is neither file nor folder.
 */
export async function* walkDataFolder(
  root: string,
  skipped: (path: string) => void,
): AsyncGenerator<Found, void, void> {
  yield* walk('', root, skipped);
}

async function* walk(path: string, place: string, skipped: (path: string) => void): AsyncGenerator<Found, void, void> {
  const names = (await list(place)).toSorted();
  const unlogged = databaseFolder.test(path) ? unloggedOf(names) : new Set<string>();
  for (const name of names) {
    const inside = path === '' ? name : `${path}/${name}`;
    if (isLeftOut(inside, name, unlogged)) continue;
    const found = await look(inside, join(place, name));
    if (found === undefined) continue;
    if (found === 'other') {
      skipped(inside);
      continue;
    }
    yield found;
    if (found.type === 'folder' && !emptied.has(inside)) yield* walk(inside, found.place, skipped);
  }
}

function isLeftOut(path: string, name: string, unlogged: ReadonlySet<string>): boolean {
  if (path === controlFile || leftOutAnywhere.test(name) || temporary.test(name)) return true;
  if (!path.includes('/') && (leftOut.test(name) || ownFiles.test(name))) return true;
  const relation = relationOf(path);
  return relation !== undefined && relation.fork !== 'init' && unlogged.has(relation.number);
}

/** Unlogged tables come back empty: the server makes them from their `init` fork. */
const unloggedOf = (names: readonly string[]): Set<string> =>
  new Set(names.flatMap((name) => (/^\d+_init$/.test(name) ? [name.slice(0, -'_init'.length)] : [])));

async function look(path: string, place: string): Promise<Found | 'other' | undefined> {
  try {
    const stat = await lstat(place, { bigint: true });
    if (stat.isFile()) return { path, type: 'file', place, stat };
    if (stat.isDirectory()) return { path, type: 'folder', place, stat };
    // Tablespaces, and a log on a disk of its own.
    if (!stat.isSymbolicLink() || !/^(pg_tblspc\/\d+|pg_wal)$/.test(path)) return 'other';
    const target = await realpath(place);
    return { path, type: 'folder', place: target, stat: await lstat(target, { bigint: true }) };
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function list(place: string): Promise<string[]> {
  try {
    return await readdir(place);
  } catch (error) {
    // A database that was dropped while we came near.
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
