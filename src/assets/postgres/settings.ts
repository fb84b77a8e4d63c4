import { chown, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { systemCodeOf } from '../../core/index.ts';
import type { ServerPrograms } from './server/index.ts';

/** Replay refuses to run, or stops in the middle, with less of these than the source had. */
const replayNeeds = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
] as const;

/** What a restored copy needs to know of the source's configuration: recorded in the point. */
export async function readSettings(client: Client): Promise<Record<string, string>> {
  const names = [...replayNeeds, 'shared_preload_libraries', 'data_checksums', 'wal_segment_size'];
  // current_setting() shows what pg_settings hides from users who may not read it, and says '' where it may not.
  const { rows } = await client.query<{ name: string; value: string | null }>(
    `select name, current_setting(name, true) as value from unnest($1::text[]) as name`,
    [names],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value ?? '']));
}

/**
 * The whole configuration of a restored copy. It goes on the command line, where nothing in the data folder can override it: a
 * copy archives nowhere, follows nobody, runs no jobs of its source and listens on this machine only.
 */
export async function copySettings(
  source: Readonly<Record<string, unknown>>,
  programs: ServerPrograms,
  place: {
    readonly configFile: string;
    readonly hbaFile: string;
    readonly identFile: string;
    /** Without one it listens on 127.0.0.1 instead. */
    readonly socketFolder: string | undefined;
    readonly port: number;
  },
): Promise<Record<string, string>> {
  const needs = replayNeeds.flatMap((name) => {
    const value = Number(source[name]);
    return Number.isFinite(value) && value > 0 ? [[name, String(value)] as const] : [];
  });
  return {
    config_file: place.configFile,
    hba_file: place.hbaFile,
    ident_file: place.identFile,
    ...Object.fromEntries(needs),
    listen_addresses: place.socketFolder === undefined ? '127.0.0.1' : '',
    unix_socket_directories: place.socketFolder ?? '',
    port: String(place.port),
    archive_mode: 'off',
    archive_command: '',
    archive_library: '',
    restore_command: '',
    primary_conninfo: '',
    primary_slot_name: '',
    synchronous_standby_names: '',
    max_logical_replication_workers: '0',
    shared_preload_libraries: await availableLibraries(String(source['shared_preload_libraries'] ?? ''), programs),
    ssl: 'off',
    logging_collector: 'off',
    log_destination: 'stderr',
    external_pid_file: '',
    allow_in_place_tablespaces: 'on',
    cluster_name: 'lifeboat restored copy',
  };
}

/** Schedulers of jobs stay out (a copy must not do the source's work), and so does what is not installed here. */
const neverLoaded = new Set(['pg_cron', 'pg_timetable', 'pglogical', 'pgagent', 'bdr']);

async function availableLibraries(declared: string, programs: ServerPrograms): Promise<string> {
  const wanted = declared
    .split(',')
    .map((name) => name.trim().replaceAll('"', ''))
    .filter((name) => name !== '' && !neverLoaded.has(name));
  const present = await Promise.all(wanted.map((name) => isInstalled(name, programs)));
  return wanted.filter((_, index) => present[index]).join(',');
}

async function isInstalled(library: string, { moduleFolders }: ServerPrograms): Promise<boolean> {
  for (const folder of moduleFolders) {
    try {
      await stat(join(folder, `${library.replace(/^\$libdir\//, '').replace(/\.so$/, '')}.so`));
      return true;
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error;
    }
  }
  return false;
}

/** Settings of `postgresql.auto.conf` that tie a server to where and what it was. */
const staleSettings =
  /^\s*(recovery_\w+|restore_command|archive_\w+|primary_conninfo|primary_slot_name|promote_trigger_file|standby_mode|hot_standby_feedback|synchronous_standby_names|listen_addresses|port|unix_socket_directories|data_directory|hba_file|ident_file|config_file|external_pid_file|cluster_name|ssl\w*)\b/i;

/**
 * Takes stale settings out of a restored `postgresql.auto.conf`, for whoever starts the copy by hand later; the original is
 * kept beside it. Returns the names that were taken out.
 */
export async function stripStaleSettings(dataFolder: string): Promise<string[]> {
  const file = join(dataFolder, 'postgresql.auto.conf');
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n');
  const stale = lines.filter((line) => staleSettings.test(line));
  if (stale.length === 0) return [];
  const { uid, gid, mode } = await stat(file);
  await rename(file, `${file}.before-restore`);
  await writeFile(file, lines.filter((line) => !staleSettings.test(line)).join('\n'), { mode });
  if (process.getuid?.() === 0) await chown(file, uid, gid);
  return stale.map((line) => line.trim().split(/[\s=]/)[0] ?? '');
}
