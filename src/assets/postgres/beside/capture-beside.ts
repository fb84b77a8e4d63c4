import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { LifeboatError, messageOf, systemCodeOf } from '../../../core/index.ts';
import type { Entry } from '../../entry.ts';
import { BadPages } from '../pages/bad-pages.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { relationOf } from '../layout.ts';
import { lsnText } from '../lsn.ts';
import type { SourceFacts } from '../base/source-facts.ts';
import { readControlFile } from './control-file.ts';
import type { DataFolder } from './data-folder.ts';
import { logEntries } from './log-segments.ts';
import { walkDataFolder, type Found } from './walk.ts';

/** A base backup that was taken, as every way to take one tells of it. */
export interface TakenBackup {
  readonly startLsn: string;
  readonly endLsn: string;
  readonly timeline: number;
  readonly label: string;
  readonly tablespaces: readonly { readonly oid: string; readonly location: string }[];
  readonly warnings: readonly string[];
}

export interface BesideOptions {
  /** A connection for this backup alone: the server ends the backup when it closes. */
  readonly client: Client;
  readonly folder: DataFolder;
  readonly source: SourceFacts;
  /** Of a standby: what it had replayed before the backup began, which the backup shall hold. */
  readonly least?: bigint;
  readonly progress: { note(text: string): void };
  /** Resolves when everything that was handed over has been read. */
  readonly readSoFar: () => Promise<void>;
}

const ourOwn = { mode: 0o600, type: 'file' } as const;

/**
 * A base backup by the server's backup API and its own files, read in parallel by whoever stores them. The checksum of every page
 * is verified on the way; a page that is half written, because the server writes while we read, is written again by replay of the
 * log, which the backup brings along. Throws `asset.corrupt` for any other bad page, `asset.vanished`.
 */
export async function* captureBeside(options: BesideOptions): AsyncGenerator<Entry, TakenBackup, void> {
  const { client, folder, source } = options;
  const startLsn = await startBackup(client);
  const bad = new BadPages(source);
  const warnings: string[] = [];
  const rootMode = source.folderMode;
  yield { path: '', type: 'folder', mode: rootMode, modifiedNs: 0n };
  for await (const found of walkDataFolder(folder.path, (path) => void warnings.push(otherSentence(path)))) {
    yield entryOf(found, bad);
    if (found.path === 'pg_wal') yield* logFolders(source, rootMode);
  }
  // A copy of a standby ends its replay where this file says; so it is read when nothing older than that is read any more.
  if (options.least !== undefined) await options.readSoFar();
  yield await controlEntry(folder);
  await options.readSoFar();
  const { endLsn, label, map } = await stopBackup(client);
  yield textEntry('backup_label', label);
  if (map !== '') yield textEntry('tablespace_map', map);
  const timeline = Number(/^START TIMELINE: (\d+)/m.exec(label)?.[1]);
  const from = lsnValue(startLsn);
  const to = later(lsnValue(endLsn), options.least);
  yield* logEntries(folder, { timeline, from, to });
  await options.readSoFar();
  bad.mustBeReplayed(from, to);
  return { startLsn, endLsn: lsnText(to), timeline, label, tablespaces: locationsOf(map), warnings };
}

const later = (one: bigint, other: bigint | undefined): bigint => (other !== undefined && other > one ? other : one);

async function startBackup(client: Client): Promise<string> {
  const { rows } = await client.query<{ lsn: string }>(`select pg_backup_start('lifeboat', true)::text as lsn`);
  return rows[0]?.lsn ?? '';
}

/** Whether the server's own archive got the log is not ours to wait for: the backup brings its log along. */
async function stopBackup(client: Client): Promise<{ endLsn: string; label: string; map: string }> {
  const { rows } = await client.query<{ lsn: string; labelfile: string; spcmapfile: string | null }>(
    'select lsn::text, labelfile, spcmapfile from pg_backup_stop(false)',
  );
  const row = rows[0];
  if (row === undefined) throw new LifeboatError('asset.vanished', 'the server did not say where the backup ends');
  return { endLsn: row.lsn, label: row.labelfile, map: row.spcmapfile ?? '' };
}

function entryOf({ path, type, place, stat }: Found, bad: BadPages): Entry {
  const common = { path, type, mode: Number(stat.mode) & 0o777, modifiedNs: stat.mtimeNs };
  if (type === 'folder' || stat.size === 0n) return common;
  const inspection = bad.inspectionOf(path);
  return {
    ...common,
    // What was not written since the last backup began is what that one read, page by page.
    stamp: { changedNs: stat.ctimeNs, inode: stat.ino, device: stat.dev },
    bytesExpected: Number(stat.size),
    chunking: relationOf(path) === undefined ? 'content' : 'fixed',
    content: {
      kind: 'file',
      path: place,
      // What is added while we read is in the log.
      bytes: Number(stat.size),
      mayChange: true,
      mayVanish: 'expected',
      ...(inspection === undefined ? {} : { inspection }),
    },
  };
}

function* logFolders({ major }: SourceFacts, mode: number): Generator<Entry, void, void> {
  const names = major >= 17 ? ['archive_status', 'summaries'] : ['archive_status'];
  for (const name of names) yield { path: `pg_wal/${name}`, type: 'folder', mode, modifiedNs: 0n };
}

async function controlEntry(folder: DataFolder): Promise<Entry> {
  const path = 'global/pg_control';
  const place = join(folder.path, path);
  try {
    const { mode, mtimeNs } = await lstat(place, { bigint: true });
    return bytesEntry(path, await readControlFile(place), Number(mode) & 0o777, mtimeNs);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    throw new LifeboatError('asset.unreadable', `${place} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

const textEntry = (path: string, text: string): Entry => bytesEntry(path, Buffer.from(text), ourOwn.mode, 0n);

const bytesEntry = (path: string, bytes: Buffer, mode: number, modifiedNs: bigint): Entry => ({
  path,
  type: 'file',
  mode,
  modifiedNs,
  content: {
    kind: 'stream',
    read: async function* () {
      yield bytes;
    },
  },
});

/** A line a tablespace: its id and where the source keeps it, with a backslash before what would end the line. */
const locationsOf = (map: string): { oid: string; location: string }[] =>
  [...map.matchAll(/^(\d+) ((?:\\[^]|[^\\\n])*)$/gm)].map(([, oid = '', location = '']) => ({
    oid,
    location: location.replaceAll(/\\([^])/g, '$1'),
  }));

const otherSentence = (path: string): string =>
  `${path} in the data directory is neither a file nor a folder and is not in the point`;
