import { chown, copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { systemCodeOf, writeFileDurably } from '../../../core/index.ts';
import type { ServerPrograms } from '../server/index.ts';

/** Replay refuses to run, or stops in the middle, with less of these than the source had. */
const replayNeeds = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
] as const;

/**
 * Of its own log a copy keeps so much: a stream that begins when it has become the primary goes on where the timelines part, and nothing reserves log
 * for it until then. The checks of a restore write log too, and end with a checkpoint that would remove what was before. Half of what a server lets its
 * log take anyway (`max_wal_size`).
 */
const ownLogKept = '512MB';

/**
 * What a restored copy needs to know of the source's configuration: recorded in the point. What the user may not read is left out
 * (`shared_preload_libraries` needs pg_read_all_settings).
 */
export async function readSettings(client: Client): Promise<Record<string, string>> {
  const names = [...replayNeeds, 'shared_preload_libraries', 'data_checksums', 'wal_segment_size', 'server_encoding'];
  const { rows } = await client.query<{ name: string; setting: string | null }>(
    `select name, setting from pg_settings where name = any($1::text[])`,
    [names],
  );
  return Object.fromEntries(rows.flatMap(({ name, setting }) => (setting === null ? [] : [[name, setting]])));
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
    readonly socketFolder: string | undefined;
    /** On 127.0.0.1. */
    readonly listens: boolean;
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
    listen_addresses: place.listens ? '127.0.0.1' : '',
    unix_socket_directories: place.socketFolder ?? '',
    port: String(place.port),
    archive_mode: 'off',
    wal_keep_size: ownLogKept,
    // What we restored is synced: file by file the server would do it again before it reads its log.
    ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
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
  /^\s*(allow_in_place_tablespaces|max_logical_replication_workers|recovery_\w+|restore_command|archive_\w+|primary_conninfo|primary_slot_name|promote_trigger_file|standby_mode|hot_standby_feedback|synchronous_standby_names|listen_addresses|port|unix_socket_directories|data_directory|hba_file|ident_file|config_file|external_pid_file|cluster_name|ssl\w*)\b/i;

/**
 * What keeps a copy apart that somebody starts by hand, with the postgresql.conf of its source: it does not write its log over
 * the source's archive, does not take over the source's subscriptions, and accepts tablespaces that are plain folders.
 * A copy that takes the place of its source gets them back by `ALTER SYSTEM RESET …`.
 */
const apartSettings = [
  '# Set by Lifeboat for a restored copy; ALTER SYSTEM RESET takes each back.',
  "archive_mode = 'off'",
  "max_logical_replication_workers = '0'",
  "allow_in_place_tablespaces = 'on'",
];

/**
 * Takes stale settings out of a restored `postgresql.auto.conf`, the last word in a data folder, and adds what keeps a copy apart
 * that is started by hand; the original is kept beside it. Returns the names that were taken out.
 */
export async function stripStaleSettings(dataFolder: string): Promise<string[]> {
  const file = join(dataFolder, 'postgresql.auto.conf');
  const { text, mode } = await readConfiguration(file);
  await copyFile(file, `${file}.before-restore`);
  const lines = text.split('\n').map((line) => ({ line, stale: staleSettings.test(line) }));
  const kept = lines
    .filter(({ line, stale }) => !stale && line !== '' && !apartSettings.includes(line))
    .map(({ line }) => line);
  await writeFileDurably(file, [...kept, ...apartSettings, ''].join('\n'), mode);
  await ownAs(dataFolder, [file, `${file}.before-restore`]);
  return lines.flatMap(({ line, stale }) => (stale ? [line.trim().split(/[\s=]/)[0] ?? ''] : []));
}

/** initdb makes the file, but a server starts without it too: then there is an empty one from now on. */
async function readConfiguration(file: string): Promise<{ text: string; mode: number }> {
  try {
    return { text: await readFile(file, 'utf8'), mode: (await stat(file)).mode & 0o7777 };
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error;
    await writeFile(file, '', { mode: 0o600 });
    return { text: '', mode: 0o600 };
  }
}

/** Made by root, they must belong to the server's user, as the folder does. */
async function ownAs(folder: string, files: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const file of files) await chown(file, uid, gid);
}
